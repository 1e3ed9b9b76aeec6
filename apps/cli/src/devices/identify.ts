// Asks a connected device which chip is behind it. This opens the device and speaks to it, so it is done only
// when it is asked for. An answer is never trusted further than for showing it.

import { AgentClient } from '@firmseal/agent-client';
import { type Chip, chipIds, findChip } from '@firmseal/chips';
import { openFrameStream } from '@firmseal/dfu';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';
import { Openocd } from '@firmseal/openocd';
import { probeCommands, spawnOpenocd } from '@firmseal/openocd-adapter';
import { parsePlace, socketText, type UsbSocket } from '@firmseal/places';
import { productStateOf } from '@firmseal/programming';
import { openSerial } from '@firmseal/serial-adapter';
import { connectTcp } from '@firmseal/tcp-adapter';
import { UartBootloader } from '@firmseal/uart-bootloader';
import { findUsb, listUsb } from '@firmseal/usb-adapter';
import type { ConnectedDevice } from './list-devices.ts';

export interface IdentifiedChip {
  /**
   * Ids of the catalogue that fit; several where the device does not tell them apart,
   * none for a foreign chip.
   */
  readonly chips: readonly string[];
  readonly by: 'agent' | 'rom-bootloader' | 'debug-port';
  /** `stm32f427 agent, personalized` or what the bootloader says of itself. */
  readonly says: string;
}

const chipsWhere = (holds: (chip: Chip) => boolean): string[] =>
  chipIds().filter((id) => holds(findChip(id)));
const hex = (value: number): string => `0x${value.toString(16)}`;

/** A short patience: most serial ports have something else behind them. */
const answerTimeoutMs = 400;

async function askAgent(stream: ByteStream, clock: Clock): Promise<IdentifiedChip> {
  const agent = await AgentClient.connect({ stream, clock, answerTimeoutMs, attempts: 2 });
  const { chipId, agentVersion, lifeCycle, readoutLevel } = agent.info;
  const says = `agent version ${agentVersion}, ${lifeCycle}, readout level ${readoutLevel}`;
  return { chips: [chipId], by: 'agent', says };
}

/** Opens, asks, and closes whatever came of it. */
async function asking<T extends { close(): Promise<unknown> }>(
  opening: Promise<T>,
  ask: (opened: T) => Promise<IdentifiedChip>,
): Promise<IdentifiedChip> {
  const opened = await opening;
  try {
    return await ask(opened);
  } finally {
    await opened.close();
  }
}

/** The layout of the flash in the name of its setting: what DfuSe has in place of an id (AN3156). */
function chipOfLayout(layout: string | null): IdentifiedChip {
  const chips = chipsWhere(({ romBootloader }) => romBootloader.dfu?.alternates[0] === layout);
  return { chips, by: 'rom-bootloader', says: layout ?? 'it does not name its flash' };
}

/** Patient with nobody: the bootloader first, whose measure of the rate an agent's frames would spoil. */
async function identifySerial(path: string, baud: number | undefined, clock: Clock): Promise<IdentifiedChip> {
  const even = { baud: baud ?? 115_200, parity: 'even' } as const;
  return asking(openSerial({ path, line: even, clock }), async (stream) => {
    try {
      const options = { stream, clock, baud: even.baud, answerTimeoutMs };
      const { productId } = await UartBootloader.connect(options);
      const chips = chipsWhere(({ identity }) => identity.romBootloaderId === productId);
      return { chips, by: 'rom-bootloader', says: `product id ${hex(productId)}` };
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'bootloader-silent') throw error;
    }
    await stream.setLine({ ...even, parity: 'none' });
    return askAgent(stream, clock);
  });
}

async function identifyUsb(socket: UsbSocket, clock: Clock): Promise<IdentifiedChip> {
  const device = await findUsb(socket, clock);
  await device.open();
  return asking(Promise.resolve(device), async () => {
    const alternates = device.configurations.flatMap(({ interfaces }) => interfaces[0]?.alternates ?? []);
    const layout = alternates.find(({ interfaceName }) => interfaceName?.startsWith('@Internal Flash'));
    if (layout !== undefined) return chipOfLayout(layout.interfaceName);
    return askAgent(await openFrameStream({ device, clock }), clock);
  });
}

const deviceIdMask = 0xfff;

/** Of a chip with product states: a state other than open says that somebody began to provision it. */
async function productStateBehind(openocd: Pick<Openocd, 'readWord'>, chip: Chip): Promise<string> {
  const { productStates, field: name } = chip.readoutProtection;
  if (productStates === undefined) return '';
  const register = chip.options.registers.find(({ fields }) => fields.some((field) => field.name === name))!;
  const word = await openocd.readWord(register.readAddress).catch(() => undefined);
  if (word === undefined) return '';
  return `, product state ${productStateOf(chip, new Map([[register.id, word]])).productState}`;
}

/** Reads each family's id register; a register that is not there is a fault of the bus, and goes on. */
async function identifyBehindProbe(
  socket: UsbSocket,
  { clock, openocd: program }: IdentifyOptions,
): Promise<IdentifiedChip> {
  const all = await listUsb();
  const device = all.find((one) => socketText(one.socket) === socketText(socket));
  if (device === undefined) throw new Fault('usb-not-found', { socket: socketText(socket) });
  const spawning = spawnOpenocd({
    ...{ probe: probeCommands(device, all), clock, startTimeoutMs: 10_000 },
    ...(program === undefined ? {} : { program }),
    connect: (port) => connectTcp('127.0.0.1', port),
  });
  return asking(spawning, async ({ stream }) => {
    const openocd = await Openocd.connect({ stream, clock });
    const registers = new Set(chipIds().map((id) => findChip(id).identity.deviceIdRegister));
    for (const register of registers) {
      const word = await openocd.readWord(register).catch(() => 0);
      const chips = chipsWhere(
        ({ identity }) =>
          identity.deviceIdRegister === register && identity.deviceId === (word & deviceIdMask),
      );
      if (chips.length === 0) continue;
      const state = await productStateBehind(openocd, findChip(chips[0]!));
      return { chips, by: 'debug-port', says: `device id ${hex(word & deviceIdMask)}${state}` };
    }
    return { chips: [], by: 'debug-port', says: 'a chip that the catalogue does not have' };
  });
}

export interface IdentifyOptions {
  readonly clock: Clock;
  /** Program that is started as OpenOCD. */
  readonly openocd?: string | undefined;
}

/** Throws the fault of opening or of asking: nobody answers, no permission, another program holds it. */
export function identifyDevice(
  { place: text }: ConnectedDevice,
  options: IdentifyOptions,
): Promise<IdentifiedChip> {
  const place = parsePlace(text);
  switch (place.kind) {
    case 'serial':
      return identifySerial(place.path, place.baud, options.clock);
    case 'usb':
      return identifyUsb(place, options.clock);
    case 'probe':
      return identifyBehindProbe(place, options);
    default:
      throw new Fault('internal-error', { detail: `${text} is in no list of devices` });
  }
}

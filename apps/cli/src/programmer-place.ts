// Opens the way through which a chip is programmed, `--via PLACE`: which adapter reaches the place, and
// which way of programming is spoken there. Grammar: spec/places.md.

import type { Chip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type Clock, systemClock } from '@firmseal/link';
import { probeCommands, spawnOpenocd } from '@firmseal/openocd-adapter';
import {
  type NearPlace,
  type NetPlace,
  parsePlace,
  type SerialPlace,
  socketText,
  type UsbSocket,
} from '@firmseal/places';
import {
  type ChipProgrammer,
  explainSilence,
  openDfuseProgrammer,
  openOpenocdProgrammer,
  openProbeProgrammer,
  openUartProgrammer,
} from '@firmseal/programming';
import { openSerial } from '@firmseal/serial-adapter';
import { connectTcp } from '@firmseal/tcp-adapter';
import { findUsb, listUsb } from '@firmseal/usb-adapter';
import type { UsbDevice } from '@firmseal/usb-device';
import { virtualProbe } from '@firmseal/virtual-probe';

/** The rate that ST tested every UART bootloader with. */
const bootloaderBaud = 115_200;
/** A chip is back on the bus this long after a reset, at the latest. */
const returnMs = 10_000;
const lookMs = 250;

type Open = (chip: Chip) => Promise<ChipProgrammer>;

const openSerialPlace = async (chip: Chip, { path, baud = bootloaderBaud }: SerialPlace) => {
  const line = { baud, parity: 'even' } as const;
  const stream = await openSerial({ path, line, clock: systemClock });
  return closingOnFailure(stream, () => openUartProgrammer({ chip, stream, clock: systemClock, baud }));
};

const openTcpPlace = async (chip: Chip, { host, port }: NetPlace) => {
  const stream = await connectTcp(host, port);
  return closingOnFailure(stream, () => openUartProgrammer({ chip, stream, clock: systemClock }));
};

const openOpenocdPlace = async (chip: Chip, { host, port }: NetPlace) => {
  const stream = await connectTcp(host, port);
  return closingOnFailure(stream, () => openOpenocdProgrammer({ chip, stream, clock: systemClock }));
};

/** An OpenOCD of its own, which ends with the programmer. */
const openProbePlace = async (chip: Chip, { bus, ports }: UsbSocket) => {
  const all = await listUsb();
  const device = all.find(({ socket }) => socket.bus === bus && String(socket.ports) === String(ports));
  if (device === undefined) throw new Fault('usb-not-found', { socket: socketText({ bus, ports }) });
  const probe = probeCommands(device, all);
  const connect = (port: number) => connectTcp('127.0.0.1', port);
  const spawned = await spawnOpenocd({ probe, chip, clock: systemClock, connect });
  const { stream } = spawned;
  const programmer = await closingOnFailure(spawned, () =>
    openOpenocdProgrammer({ chip, stream, clock: systemClock }),
  );
  const { close } = programmer;
  programmer.close = async () => {
    await close.call(programmer);
    await spawned.close();
  };
  return programmer;
};

/** The device in the socket, which is away for a moment after each reset of its chip. */
async function awaitUsb(socket: UsbSocket, clock: Clock): Promise<UsbDevice> {
  const endMs = clock.nowMs() + returnMs;
  for (;;) {
    try {
      return await findUsb(socket, clock);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'usb-not-found' || clock.nowMs() >= endMs) throw error;
    }
    await new Promise<void>((resolve) => {
      clock.after(lookMs, resolve);
    });
  }
}

async function closingOnFailure<T>(opened: { close(): Promise<void> }, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
}

function opener(place: NearPlace): Open {
  switch (place.kind) {
    case 'serial':
      return (chip) => openSerialPlace(chip, place);
    case 'tcp':
      return (chip) => openTcpPlace(chip, place);
    case 'openocd':
      return (chip) => openOpenocdPlace(chip, place);
    case 'virtual':
      return (chip) => openProbeProgrammer(chip, virtualProbe(place));
    case 'probe':
      return (chip) => openProbePlace(chip, place);
    case 'usb': {
      const { bus, ports } = place;
      const openDevice = () => awaitUsb({ bus, ports }, systemClock);
      return (chip) => openDfuseProgrammer({ chip, clock: systemClock, openDevice });
    }
  }
}

/**
 * Throws `place-*` when the text is no place or the place cannot be used here,
 * `station-plain-refused`, and the faults of opening.
 */
export function openProgrammer(text: string, chip: Chip): Promise<ChipProgrammer> {
  const place = parsePlace(text);
  if (place.kind === 'written')
    throw new Fault('place-unfit', {
      ...{ option: '--via', place: text, reason: 'there is no chip at it' },
      expected: 'serial:, usb:, tcp:, probe:, openocd: or virtual:',
    });
  // What is programmed here is plain: it does not leave this machine.
  if (place.kind === 'station') throw new Fault('station-plain-refused', { place: text });
  return opener(place)(chip).catch((error: unknown) => {
    throw explainSilence(chip, error);
  });
}

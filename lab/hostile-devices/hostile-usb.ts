// USB devices whose answers a mutator touches: descriptors while they are enumerated, answers to
// requests, stalls, silence, leaving the bus. On top of a virtual chip's bootloader, or of a device that
// plays an agent.

import type { DeviceAnswers, Setup } from '@firmseal/usb-device/testing';
import { ChipUsbPort, UsbControl, type VirtualChip } from '@firmseal/virtual-stm32';
import type { Mutator } from './mutation.ts';

type Control = DeviceAnswers['control'];

/** A stall stands for no answer half of the time; the other half nothing ever comes. */
function touched(control: Control, mutator: Mutator): Control {
  let gone = false;
  // Half of the devices enumerate well and lie afterwards, else few sessions would reach a client.
  const enumeratesWell = mutator.random() < 0.5;
  return async (setup, data) => {
    if (gone) throw new Error('gone');
    const given = await control(setup, data);
    if (enumeratesWell && setup.requestType === 0x80) return given;
    const answer = given ?? new Uint8Array(0);
    const { bytes, malformed } = mutator.mutate(answer);
    if (malformed && mutator.random() < 0.01) {
      gone = true;
      throw new Error('gone');
    }
    if (bytes === undefined && mutator.random() < 0.5) return new Promise(() => undefined);
    return bytes;
  };
}

/** One for each chip: each listens to its chip for good. */
const connectors = new WeakMap<VirtualChip, ChipUsbPort>();

function connectorOf(chip: VirtualChip): ChipUsbPort {
  const known = connectors.get(chip) ?? new ChipUsbPort(chip);
  connectors.set(chip, known);
  return known;
}

/** The bootloader of a chip. Undefined where the chip shows none (level 2, or it left the bus). */
export function hostileBootloader(chip: VirtualChip, mutator: Mutator): DeviceAnswers | undefined {
  const { device } = connectorOf(chip);
  if (device === undefined) return undefined;
  const control = new UsbControl(device);
  return { control: touched((setup, data) => control.handle(setup, data), mutator) };
}

const functional = [9, 0x21, 0x07, 0xff, 0x00, 0x00, 0x04, 0x10, 0x01];
const configuration = Uint8Array.from([
  ...[9, 2, 45, 0, 1, 1, 0, 0xc0, 50],
  ...[9, 4, 0, 0, 0, 0xfe, 1, 2, 4],
  ...functional,
  ...[9, 4, 0, 1, 0, 0xff, 0, 0, 5],
  ...functional,
]);
const device = Uint8Array.of(18, 1, 1, 2, 0, 0, 0, 64, 0x09, 0x12, 1, 0, 0, 1, 1, 2, 3, 1);

/** Takes every download to its end and answers with damaged frames: the USB side of an agent to a host. */
function agentAnswer(setup: Setup, data: Uint8Array, ended: boolean): Uint8Array {
  const { requestType, request, value } = setup;
  if (requestType === 0x80 && request === 6)
    return { 1: device, 2: configuration, 3: Uint8Array.of(4, 3, 0x41, 0) }[value >>> 8] ?? new Uint8Array(0);
  if (requestType === 0x81) return Uint8Array.from(functional);
  if (requestType === 0xa1 && request === 3) return Uint8Array.of(0, 0, 0, 0, ended ? 8 : 5, 0);
  if (requestType === 0xa1 && request === 5) return Uint8Array.of(2);
  if (requestType === 0xa1 && request === 2) return Uint8Array.of(0, 1, 2, 3, 0);
  return data;
}

export function hostileAgent(mutator: Mutator): DeviceAnswers {
  let ended = false;
  const control: Control = async (setup, data) => {
    if (setup.requestType === 0x21 && setup.request === 1) ended = data.length === 0;
    return agentAnswer(setup, data, ended);
  };
  return { control: touched(control, mutator) };
}

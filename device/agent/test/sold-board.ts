// A sold board on a virtual chip: the kit's plain bootloader and application
// (device/sdk/examples/adoption) in machine code, and what a host sends them. An adoption image for it is
// made as `firmseal adopt build` does.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorPart } from '@firmseal/agent-image';
import { type Bytes, concatBytes, crc32, equalBytes, u32le } from '@firmseal/bytes';
import { type Chip, defaultOptionValues, findChip, optionField, type Range } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { readImage, type Segment } from '@firmseal/image';
import { type AdoptionPlan, adoptionImage, planAdoption } from '@firmseal/personalization';
import { createVirtualChip, machineCode, type VirtualChip } from '@firmseal/virtual-stm32';
import { computeCryptoHere } from '../../../lab/power/bench.ts';
import { builtOfKit } from '../../sdk/test/build-example.ts';
import { adopterCode } from '../toolchain/adopter.ts';
import { shippedSegments } from '../toolchain/shipped-image.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { Line } from './line.ts';
import { writeUnits } from './machine-line.ts';
import { owner } from './trusted-site.ts';

export interface SoldAt {
  readonly chip: Chip;
  readonly bootloader: Range;
  /** Where the bootloader writes applications. */
  readonly application: Range;
  /** Free flash into which the running application takes an adoption image. */
  readonly spare: Range;
}

/** Where the boards of these tests have what. */
export const soldBoards: readonly SoldAt[] = [
  {
    chip: findChip('stm32f427'),
    bootloader: { addressStart: 0x0800_0000, length: 0x8000 },
    application: { addressStart: 0x0802_0000, length: 0x2_0000 },
    spare: { addressStart: 0x0804_0000, length: 0x2_0000 },
  },
  {
    chip: findChip('stm32h743'),
    bootloader: { addressStart: 0x0800_0000, length: 0x2_0000 },
    application: { addressStart: 0x0802_0000, length: 0x2_0000 },
    spare: { addressStart: 0x0808_0000, length: 0x2_0000 },
  },
];

export interface OldPrograms {
  readonly bootloader: readonly Segment[];
  readonly application: Bytes;
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** Builds both by CMake from a copy of the kit. */
export function buildOldPrograms(kit: string, { chip, bootloader, application }: SoldAt): OldPrograms {
  const settings = {
    FIRMSEAL_CHIP: chip.id,
    BOOTLOADER: hex(bootloader.addressStart),
    APPLICATION: hex(application.addressStart),
    SLOT_BYTES: `${application.length}`,
  };
  const build = builtOfKit(kit, 'adoption', settings);
  const segmentsOf = (name: string) => readImage(readFileSync(join(build, `${name}.elf`))).segments;
  const program = segmentsOf('application');
  const end = Math.max(...program.map(({ address, bytes }) => address + bytes.length));
  const whole = new Uint8Array(Math.ceil((end - application.addressStart) / 32) * 32).fill(0xff);
  for (const { address, bytes } of program) whole.set(bytes, address - application.addressStart);
  return { bootloader: segmentsOf('bootloader'), application: whole };
}

/** What stands behind an application that the bootloader takes for whole. */
function trailerOf(file: Uint8Array): Bytes {
  const filler = new Uint8Array(20).fill(0xff);
  return concatBytes(u32le(0x4c494154), u32le(file.length), u32le(crc32(file)), filler);
}

/** More than an adoption takes; an adopter that stopped is told by it. */
const budgetInstructions = 60_000_000;

/** A chip that is off, with bootloader and application in its flash, as it was sold. */
export function soldChip(
  at: SoldAt,
  { bootloader, application }: OldPrograms,
  seed = `sold ${at.chip.id}`,
): VirtualChip {
  const chip = createVirtualChip({
    chip: at.chip.id,
    seed,
    executors: [machineCode({ budgetInstructions })],
  });
  chip.powerOn();
  chip.debug.connect();
  const { addressStart, length } = at.application;
  const segments = [
    ...bootloader,
    { address: addressStart, bytes: application },
    { address: addressStart + length - 32, bytes: trailerOf(application) },
  ];
  for (const [address, bytes] of writeUnits(segments, at.chip.write.unitBytes))
    if (chip.debug.programFlash(address, bytes) !== 'ok') throw new Error('the debug port refuses');
  chip.powerOff();
  computeCryptoBehindAnchor(chip);
  return chip;
}

/** Whether a reset starts the anchor, and it stands there. */
export function startsAnchor({ chip: { id, boot, layout }, judge }: VirtualChip): boolean {
  const chip = findChip(id);
  const { bankField, addressFields } = boot;
  const blank = bankField === undefined ? 0 : optionField(chip, new Map(), bankField);
  if (bankField !== undefined && optionField(chip, judge.optionsStored, bankField) !== blank) return false;
  if (
    addressFields &&
    optionField(chip, judge.optionsStored, addressFields.pinLow) !== addressFields.anchorValue
  )
    return false;
  const anchor = anchorSegments(id)[0]!;
  return equalBytes(judge.flash(layout.anchor.addressStart, anchor.bytes.length), anchor.bytes);
}

const shipped = new Map<string, readonly Segment[]>();
function anchorSegments(id: string): readonly Segment[] {
  const known = shipped.get(id) ?? shippedSegments(buildAgent(targetOf(id)).elf, findChip(id));
  shipped.set(id, known);
  return known.filter(({ address }) => address === findChip(id).layout.anchor.addressStart);
}

/**
 * The host computes the cryptography of anchor and agent, once they run: other
 * programs have that address before.
 */
function computeCryptoBehindAnchor(chip: VirtualChip): void {
  const { core } = chip.machine.processor;
  const plain = core.executeInstruction;
  computeCryptoHere(chip, buildAgent(targetOf(chip.chip.id)));
  const quick = core.executeInstruction;
  const { onEvent } = chip;
  chip.onEvent = (event) => {
    if (event.kind === 'started') core.executeInstruction = startsAnchor(chip) ? quick : plain;
    onEvent?.(event);
  };
}

/** Anchor, agent, the anchor's data, and with an enrolment its secret. */
export function partsOf(chip: Chip, secret?: Uint8Array): { address: number; bytes: Uint8Array }[] {
  const image = shippedSegments(buildAgent(targetOf(chip.id)).elf, chip);
  const parts = [...image, anchorPart(crypto, image, { chip, owner })];
  if (secret === undefined) return parts;
  return [...parts, { address: chip.layout.journal[1].addressStart, bytes: secret }];
}

export type Way = 'bootloader' | 'application';

/** Of the plan for a board, by the bootloader or by the running application. */
export function planFor(at: SoldAt, way: Way, secret?: Uint8Array): AdoptionPlan {
  const { chip, bootloader, application, spare } = at;
  const kept = [
    { name: 'the bootloader', range: bootloader },
    ...(way === 'application' ? [{ name: 'the application', range: application }] : []),
  ];
  const place = way === 'application' ? spare : { ...application, length: application.length - 32 };
  return planAdoption(
    { chip, options: defaultOptionValues(chip), level: 0, kept, place },
    { adopterBytes: adopterCode(chip.id).length, parts: partsOf(chip, secret), locks: secret !== undefined },
  );
}

export function adoptionFor(at: SoldAt, way: Way, secret?: Uint8Array): Bytes {
  const plan = planFor(at, way, secret);
  if (!plan.possible) throw new Error(`no adoption: ${JSON.stringify(plan.obstacles)}`);
  const { addressStart } = way === 'application' ? at.spare : at.application;
  return adoptionImage(at.chip, adopterCode(at.chip.id), { address: addressStart, steps: plan.steps });
}

/** What the chip says while the action goes on. */
export function heard(chip: VirtualChip, action: () => void): string {
  let said = '';
  const { onLink } = chip;
  chip.onLink = (bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  };
  action();
  chip.onLink = onLink;
  return said;
}

/** Sends a file in the pieces that bootloader and application take; ends when the chip lost its power. */
function sendFile(chip: VirtualChip, order: Uint8Array, file: Uint8Array): void {
  chip.receive(concatBytes(order, u32le(file.length), u32le(crc32(file))));
  for (let done = 0; done < file.length && chip.powered; done += 1024)
    chip.receive(file.slice(done, done + 1024));
}

const letter = (text: string) => Uint8Array.of(text.charCodeAt(0));

/**
 * Power on, and the whole adoption: by the old bootloader, which the application
 * calls, or by the application.
 */
export function adopt(chip: VirtualChip, at: SoldAt, way: Way, image: Uint8Array): string {
  const { addressStart, length } = at.spare;
  return heard(chip, () => {
    const greeting = heard(chip, () => chip.powerOn());
    if (way === 'bootloader') {
      if (greeting.includes('old application')) chip.receive(letter('b'));
      sendFile(chip, letter('w'), image);
      return;
    }
    sendFile(chip, concatBytes(letter('w'), u32le(addressStart), u32le(length)), image);
    if (chip.powered) chip.receive(concatBytes(letter('j'), u32le(addressStart)));
  });
}

/** What answers at the chip's pins: its agent, or what the old programs say. */
export function answerOf(chip: VirtualChip, said: string): 'agent' | 'application' | 'bootloader' | 'nobody' {
  if (startsAnchor(chip)) {
    const line = new Line(chip);
    return line.info().get(1) === chip.chip.id ? 'agent' : 'nobody';
  }
  if (said.includes('old application\r\n')) return 'application';
  return said.includes('bootloader\r\n') ? 'bootloader' : 'nobody';
}

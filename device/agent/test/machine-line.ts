// A virtual chip with the agent's machine code in its flash: the build that ships, executed instruction by
// instruction on the chip's bus. The line to it is the one that the other tests drive.

import { statSync } from 'node:fs';
import { type AnchorOwner, anchorPart } from '@firmseal/agent-image';
import { type Bytes, toHex } from '@firmseal/bytes';
import { decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { finalOptions, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { originNumber } from '@firmseal/formats';
import type { Segment } from '@firmseal/image';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { shippedSegments } from '../toolchain/shipped-image.ts';
import { anchorTargetOf, targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { chipLike } from './chip-like.ts';
import { Line, personalizeFinish } from './line.ts';
import { certify, epoch, origin, owner, pattern, product, root } from './trusted-site.ts';

function expectOk(status: unknown): void {
  if (status !== 'ok') throw new Error(`the debug port answers ${status}`);
}

/** Whole write units by their addresses; bytes that no segment has are 0xFF. */
export function writeUnits(segments: readonly Segment[], unitBytes: number): Map<number, Uint8Array> {
  const units = new Map<number, Uint8Array>();
  for (const { address, bytes } of segments)
    for (const [i, byte] of bytes.entries()) {
      const start = address + i - ((address + i) % unitBytes);
      const unit = units.get(start) ?? new Uint8Array(unitBytes).fill(0xff);
      unit[address + i - start] = byte;
      units.set(start, unit);
    }
  return units;
}

interface Installed {
  readonly elf: string;
  readonly anchorElf: string;
  readonly trust: AnchorOwner;
}

function program(chip: VirtualChip, segments: readonly Segment[]): void {
  for (const [address, bytes] of writeUnits(segments, chip.chip.write.unitBytes))
    expectOk(chip.debug.programFlash(address, bytes));
}

/** Programs anchor and agent through the debug port, and the boot address where the chip has one. */
function install(chip: VirtualChip, { elf, anchorElf, trust }: Installed): void {
  chip.powerOn();
  chip.debug.connect();
  const image = shippedSegments(elf, chip.chip, anchorElf);
  program(chip, [...image, anchorPart(crypto, image, { chip: chip.chip, owner: trust })]);
  const { addressFields } = chip.chip.boot;
  if (addressFields) {
    const options = finalOptions(chip.chip, 0).filter(({ register }) =>
      chip.chip.options.registers[register]!.fields.some(({ name }) => name === addressFields.pinLow),
    );
    expectOk(chip.debug.writeOptionBytes(new Map(options.map(({ register, value }) => [register, value]))));
  }
  chip.powerOff();
}

/** As `line.personalize`, with the seed that a chip without a random generator is given. */
export async function personalizeMachine(line: Line, level: 0 | 1 | 2): Promise<void> {
  if (line.chip.chip.hasRandomGenerator) return line.personalize(level);
  const begin = new Map<number, string | number | Uint8Array>([
    ...([
      [0, root.publicKey],
      [1, product],
      [2, epoch],
      [3, new Uint8Array(0)],
    ] as const),
    [4, pattern(64, 3)],
    [5, originNumber(origin)],
  ]);
  const keys = decodeCbor(line.request(0x10, encodeCbor(begin)), { maxBytes: 4096 }) as [Bytes, Bytes];
  const chipId = line.chip.chip.id;
  const certificate = await certify({ signingKey: keys[0], kemKey: keys[1], chipId });
  line.request(0x11, personalizeFinish(certificate, finalOptions(line.chip.chip, level)));
}

export interface Executables {
  readonly elf: string;
  readonly anchorElf?: string;
}

/** Of the state that `install` leaves: an executable counts with the time of its file. */
function nameOf(chipId: string, { elf, anchorElf, trust }: Installed): string {
  const files = [elf, anchorElf].map((path) => [path, statSync(path).mtimeMs]);
  const { rootPublicKey, product: name, epoch: since, agentDelegation } = trust;
  const texts = [rootPublicKey, agentDelegation].map((bytes) => bytes && toHex(bytes));
  return JSON.stringify([chipId, files, texts, name, since]);
}

/**
 * A chip that is off, with anchor and agent (of the sources, or other executables) in its flash, not
 * personalized; `trust`: what the data of its anchor name; `afterwards`: what happened to the chip then, its
 * name stands for it; `block`: settings of its board, written last.
 */
export function machineInSocket(
  chipId: string,
  seed = 'machine code',
  { elf, anchorElf = buildAgent(anchorTargetOf(chipId)).elf }: Executables = buildAgent(targetOf(chipId)),
  block?: Bytes,
  trust: AnchorOwner = owner,
  afterwards?: { readonly name: string; readonly act: (chip: VirtualChip) => void },
): Line {
  const installed = { elf, anchorElf, trust };
  const name = `${nameOf(chipId, installed)} ${afterwards?.name}`;
  const make = (chip: VirtualChip): void => {
    install(chip, installed);
    afterwards?.act(chip);
  };
  const settle = (chip: VirtualChip): void => {
    chip.powerOn();
    chip.debug.connect();
    program(chip, [{ address: chip.chip.layout.board.addressStart, bytes: block! }]);
    chip.powerOff();
  };
  const chip = chipLike(
    { chipId: findChip(chipId).id, seed, name },
    make,
    block === undefined ? undefined : settle,
  );
  return new Line(chip);
}

/** The same, on: its agent waits on the link. */
export function machineLine(...of: Parameters<typeof machineInSocket>): Line {
  const line = machineInSocket(...of);
  line.chip.powerOn();
  return line;
}

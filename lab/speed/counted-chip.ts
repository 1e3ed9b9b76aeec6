// Cycles of the agent at work on the virtual chip: the build that ships takes a package, a license and
// records over the link, and the core counts: a Cortex-M0+ as it is, others by the table of the
// Cortex-M4. Waiting is no work: time of the flash and of the wire passes without cycles there, and
// what polls the flash is left out.

import { eraseUnitAt, findChip } from '@firmseal/chips';
import { machineLine, personalizeMachine } from '../../device/agent/test/machine-line.ts';
import { makeLicense, makePackage, pattern } from '../../device/agent/test/trusted-site.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent, symbolsOf } from '../../device/agent/toolchain/thumb.ts';
import { noShares, type Part, partFinder, type Shares } from './parts.ts';

const chunkBytes = 4096;
const records = 8;

export interface CountedCycles {
  readonly hello: number;
  readonly package: number;
  readonly license: number;
  readonly receipt: number;
  /** For a byte of firmware: a record in the middle, by part. */
  readonly record: Shares;
  /** What the first record of an erase unit takes more, where the unit is blank: spread over the unit. */
  readonly unit: Shares;
  /** For a byte of firmware: the digest at the end, by part. */
  readonly digest: Shares;
}

type Line = ReturnType<typeof machineLine>;

/** Cycles by part while something is done; the loop that waits for the flash counts nothing. */
function sharesOf(line: Line, chipId: string, action: () => void): Record<Part, number> {
  const build = buildAgent(targetOf(chipId));
  const find = partFinder(build);
  const waiting = symbolsOf(build.elf).get('fs_wait_for')!;
  const { core } = line.chip.machine.processor;
  const shares = noShares();
  const execute = core.executeInstruction;
  core.executeInstruction = function counting(this: typeof core) {
    const address = this.PC & ~1;
    const before = this.cycles;
    const result = execute.call(this);
    if (address < (waiting.address & ~1) || address >= (waiting.address & ~1) + waiting.sizeBytes)
      shares[find(address)] += this.cycles - before;
    return result;
  };
  try {
    action();
  } finally {
    core.executeInstruction = execute;
  }
  return shares;
}

const scaled = (shares: Shares, map: (value: number, part: Part) => number): Shares =>
  Object.fromEntries(
    Object.entries(shares).map(([part, value]) => [part, map(value, part as Part)]),
  ) as unknown as Shares;

/** One install of eight records of 4096 bytes on a chip that has the agent's machine code. */
export async function countCycles(chipId: string): Promise<CountedCycles> {
  const line = machineLine(chipId, 'speed');
  const { core } = line.chip.machine.processor;
  const cyclesOf = (action: () => void): number => {
    const before = core.cycles;
    action();
    return core.cycles - before;
  };
  await personalizeMachine(line, 0);
  const chip = findChip(chipId);
  const { storeStart } = chip.layout.slots[0]!;
  const unitBytes = eraseUnitAt(chip, storeStart)!.sizeBytes;
  const area = { kind: 'firmware', address: storeStart, lengthBytes: records * chunkBytes } as const;
  const sealed = await makePackage('stm32f427', {
    core: { entry: storeStart, chips: [chipId], leastReadoutLevel: 0, chunkSizeBytes: chunkBytes },
    areas: [{ area, plaintext: pattern(area.lengthBytes, 9) }],
  });
  let nonce: Uint8Array<ArrayBuffer> | undefined;
  const hello = cyclesOf(() => {
    nonce = line.hello().nonce;
  });
  const made = await makeLicense(sealed, { ...line.device!, nonce: nonce! });
  const header = cyclesOf(() => line.package(sealed));
  const license = cyclesOf(() => line.license(made));
  const first = sharesOf(line, chipId, () => line.record(0, sealed.records[0]!));
  const middle = sharesOf(line, chipId, () => line.record(1, sealed.records[1]!));
  for (let index = 2; index < records - 1; index++) line.record(index, sealed.records[index]!);
  const last = sharesOf(line, chipId, () => line.record(records - 1, sealed.records[records - 1]!));
  const receipt = cyclesOf(() => line.receipt(made, sealed.manifest));
  if (line.hello().lifeCycle !== 'installed')
    throw new Error('the install that was counted did not end well');
  return {
    ...{ hello, package: header, license, receipt },
    record: scaled(middle, (cycles) => cycles / chunkBytes),
    unit: scaled(first, (cycles, part) => (cycles - middle[part]) / unitBytes),
    digest: scaled(last, (cycles, part) => (cycles - middle[part]) / area.lengthBytes),
  };
}

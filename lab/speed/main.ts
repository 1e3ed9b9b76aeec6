// `npm run lab -- speed`: cycles that the agent takes for a byte of firmware and for a session,
// counted on the virtual chip and estimated for the Cortex-M4 from QEMU, beside the time that each
// chip's flash takes. Prints the tables of docs/figures.md; docs/agent-size-and-speed.md says what
// they mean. Needs the Arm compiler and QEMU.

import { findChip, programTiming } from '@firmseal/chips';
import { portedChips } from '../../device/agent/toolchain/targets.ts';
import { type CountedCycles, countCycles } from './counted-chip.ts';
import { type Part, parts, type Shares, total } from './parts.ts';
import { traceCycles } from './traced-board.ts';

/** What each port sets: clock.c of the chip or its family. */
const coreMhz: Readonly<Record<string, number>> = {
  stm32f427: 168,
  stm32f405: 168,
  stm32f427xg: 168,
  stm32f446: 168,
  stm32f411: 84,
  stm32h743: 400,
  stm32g0b1: 64,
  stm32u575: 160,
  stm32l476: 80,
};

const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
const millions = (cycles: number) => `${(cycles / 1e6).toFixed(1)} M`;

/** Cycles that pass while the flash programs a byte, typical. */
function flashCycles(id: string): number {
  const chip = findChip(id);
  const { typicalUs } = programTiming(chip, chip.write.parallelism);
  return (typicalUs / chip.write.unitBytes) * coreMhz[id]!;
}

interface Speed {
  readonly id: string;
  readonly how: string;
  readonly record: Shares;
  readonly unit: Shares;
  readonly digest: Shares;
}

const perByte = ({ record, unit, digest }: Speed) => total(record) + total(unit) + total(digest);

function byteRow(speed: Speed): string {
  const sum = perByte(speed);
  const flash = flashCycles(speed.id);
  const figures = [total(speed.record), total(speed.unit), total(speed.digest), sum, flash].map((value) =>
    value.toFixed(0),
  );
  return row(
    ...[speed.id, speed.how, ...figures, (sum / flash).toFixed(2)],
    ((sum - speed.record.link) / flash).toFixed(2),
  );
}

const partRow = (part: Part, speeds: readonly Speed[]) =>
  row(part, ...speeds.flatMap(({ record, digest }) => [record[part].toFixed(1), digest[part].toFixed(1)]));

function sessionRow(id: string, { hello, package: header, license, receipt }: CountedCycles): string {
  const sum = hello + header + license + receipt;
  return row(
    ...[`${id}, counted`, ...[hello, header, license, receipt, sum].map(millions)],
    (sum / 1e6 / coreMhz[id]!).toFixed(2),
  );
}

const howCounted = (id: string) =>
  findChip(id).core === 'cortex-m0plus' ? 'counted, Cortex-M0+' : 'counted, by the table of the M4';

const chips = portedChips();
const counted = new Map<string, CountedCycles>();
for (const id of chips) {
  counted.set(id, await countCycles(id));
  process.stderr.write(`${id} counted\n`);
}
const traced = await traceCycles();
const speeds: Speed[] = chips.map((id) => ({ id, how: howCounted(id), ...counted.get(id)! }));
const estimated = (id: string): Speed => ({ id, how: 'estimated on QEMU, Cortex-M4', ...traced });
const m4Session = Object.values(traced.session).reduce((sum, instructions) => sum + instructions, 0);
const shown = [speeds.find(({ id }) => id === 'stm32g0b1')!, estimated('stm32f427')];

function print(head: string, rows: readonly string[]): void {
  console.log([head, head.replaceAll(/[^|]+/g, ' --- '), ...rows, ''].join('\n'));
}

print(
  '| Chip | How | Record | Unit | Digest | Sum | Flash | Sum / flash | Without reception |',
  [...speeds, estimated('stm32f427'), estimated('stm32h743')].map(byteRow),
);
print(
  '| Part | G0B1 record | Digest | F427 record | Digest |',
  parts.map((part) => partRow(part, shown)),
);
print('| A session | Hello | Package | License | Receipt | All | Seconds |', [
  ...chips.map((id) => sessionRow(id, counted.get(id)!)),
  row(
    'stm32f427, instructions on QEMU',
    ...[...Object.values(traced.session), m4Session].map(millions),
    `${(m4Session / 1e6 / coreMhz['stm32f427']!).toFixed(2)} at 1 a cycle`,
  ),
]);

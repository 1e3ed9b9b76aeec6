// Writes docs/agent-speed.md: cycles that the agent takes for a byte of firmware and for a session, counted
// on the Cortex-M0+ of the virtual chip and estimated for the Cortex-M4 from QEMU, beside the time that each
// chip's flash takes. Needs the Arm compiler and QEMU; takes minutes: `node lab/speed/main.ts`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChip, programTiming } from '@firmseal/chips';
import { root } from '../../device/agent/toolchain/cache.ts';
import { portedChips } from '../../device/agent/toolchain/targets.ts';
import { type CountedCycles, countCycles } from './counted-chip.ts';
import { type Part, parts, type Shares, total } from './parts.ts';
import { traceCycles } from './traced-board.ts';

/** What each port sets: port/<chip>/clock.c. */
const coreMhz: Readonly<Record<string, number>> = {
  stm32f427: 168,
  stm32h743: 400,
  stm32g0b1: 64,
  stm32u575: 160,
};
const linkBauds = 921_600;

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
  readonly digest: Shares;
}

const perByte = ({ record, digest }: Speed) => total(record) + total(digest);

function byteRow(speed: Speed): string {
  const sum = perByte(speed);
  const flash = flashCycles(speed.id);
  const figures = [total(speed.record), total(speed.digest), sum, flash].map((value) => value.toFixed(0));
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
    ...[id, howCounted(id), ...[hello, header, license, receipt, sum].map(millions)],
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
const estimated = (id: string): Speed => ({ id, how: 'estimated, Cortex-M4', ...traced });
const m4Session = Object.values(traced.session).reduce((sum, instructions) => sum + instructions, 0);
const shown = [speeds.find(({ id }) => id === 'stm32g0b1')!, estimated('stm32f427')];

const page = `# Speed of the agent

Written by \`node lab/speed/main.ts\` from one run; cycles. The real agent works: it takes a package, a license and records over
its link, programs them, hashes what flash holds and signs a receipt.

- **Counted**: the build that ships on the virtual chip, every instruction with its cycles; memory answers at once. On the G0B1 with
  the cycles of its Cortex-M0+; on the others with those of Arm DDI 0439, table 3-1, without what a pipeline saves. That is the
  table of the F427's core; an M7 and an M33 need fewer, except for wait states that their caches do not hide.
- **Estimated**: the Cortex-M4 build on QEMU, every instruction logged and weighed with the cycles of Arm DDI 0439, table 3-1, and
  the wait states of the F427 for constants in flash (\`lab/speed/cortex-m4-cycles.ts\`). A pipeline was not modelled. The
  session is instructions alone: ${millions(m4Session)}.
- Nothing here ran on silicon.

## A byte of firmware
Record: from the bytes of the frame to the flash that was read back. Digest: the hash of the whole area when the last record is
in, with what ends an install once (hashes of manifest and keys, the journal), spread over 32 KiB on the counted chips and 16 KiB
on the other: less for longer firmware. Flash: cycles that pass at the port's clock while the flash programs a byte, typical figure of the catalogue. Records are 4096
bytes long.

| chip | how | record | digest | sum | flash | sum / flash | without reception |
|---|---|---|---|---|---|---|---|
${[...speeds, estimated('stm32f427'), estimated('stm32h743')].map(byteRow).join('\n')}

"Without reception" leaves out the part "link" below: bytes are taken and unstuffed one by one while the next is on the wire, at
${linkBauds} baud ${((1e7 / linkBauds) * coreMhz['stm32g0b1']!).toFixed(0)} cycles of the G0B1 and ${((1e7 / linkBauds) * coreMhz['stm32f427']!).toFixed(0)} of the F427 apart, so it adds nothing but the CRC to the time of an install. What was aimed at: not more than the flash itself takes
on F427 and H743 (1.0), 1.5 times on G0B1.

The agent does not program and compute at the same time: it has one buffer, and waits for each write unit. The figures say how
long computing takes beside programming, not that one hides the other.

## Where they go
Cycles for a byte, of a record and of the digest.

| part | G0B1 record | digest | F427 (M4) record | digest |
|---|---|---|---|---|
${parts.map((part) => partRow(part, shown)).join('\n')}

## A session
Once an install: hello, package header, license, receipt. P-256 is nearly all of it.

| chip | how | hello | package | license | receipt | all | s |
|---|---|---|---|---|---|---|---|
${chips.map((id) => sessionRow(id, counted.get(id)!)).join('\n')}
${row('stm32f427', 'instructions on QEMU, Cortex-M4', ...[...Object.values(traced.session), m4Session].map(millions), `${(m4Session / 1e6 / coreMhz['stm32f427']!).toFixed(2)} at 1 a cycle`)}
`;
writeFileSync(join(root, 'docs/agent-speed.md'), page);

// The checks on virtual chips through their debug ports, and what a report must have
// to let an agent be locked in.

import { findChip, withOptionField } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { openProbeProgrammer } from '@firmseal/programming';
import { inProcessProbe } from '@firmseal/virtual-line';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import {
  checkSilicon,
  hasPassed,
  isTried,
  readSiliconReport,
  type SiliconReport,
  siliconReportText,
} from './index.ts';

function bench(id: string) {
  const chip = createVirtualChip({ chip: id, seed: `silicon ${id}`, executors: [machineCode()] });
  chip.powerOn();
  return { chip, probe: inProcessProbe(chip), facts: findChip(id) };
}

async function check(one: ReturnType<typeof bench>, changes: { withUniqueId?: boolean } = {}) {
  const programmer = await openProbeProgrammer(one.facts, one.probe);
  const report = await checkSilicon({
    ...{ programmer, clock: systemClock, placeKind: 'virtual', now: new Date('2027-01-01T00:00:00Z') },
    ...{ firmsealVersion: '0.1.0', ...changes },
  });
  await programmer.close();
  return report;
}

const outcomeOf = ({ checks }: SiliconReport, name: string) => checks.find((one) => one.name === name);

const agentSha256 = 'ab'.repeat(32);
const withRehearsal = (report: SiliconReport): SiliconReport => ({
  ...{ ...report, placeKind: 'probe', agentSha256 },
  checks: [
    ...report.checks,
    ...['rehearsal', 'install', 'update', 'link-cut'].map((name) => ({ name, outcome: 'pass' as const })),
  ],
});

describe.each(['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575', 'stm32f405', 'stm32l476'])('%s', (id) => {
  it('is as the catalogue says, and keeps flash and option bytes', async () => {
    const one = bench(id);
    const last = one.facts.flash.eraseUnits.at(-1)!.addressStart;
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    one.chip.debug.connect();
    one.chip.debug.programFlash(last, bytes);
    const options = new Map(one.chip.judge.optionsLoaded);
    const report = await check(one);
    expect(report.checks.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    expect(report.checks.map(({ name }) => name)).toEqual([
      ...[
        'identity',
        'rom-version',
        'rom-interface',
        'option-bytes',
        'erase',
        'write-and-read',
        'second-program',
      ],
      ...['option-change', 'put-back'],
    ]);
    expect(one.chip.judge.flash(last, 64)).toEqual(bytes);
    expect(new Map(one.chip.judge.optionsLoaded)).toEqual(options);
    expect(report.identity.uniqueId).toBeUndefined();
    expect(readSiliconReport(siliconReportText(report), 'report.json')).toEqual(report);
  });
});

it('tells a chip that does not do what the catalogue says', async () => {
  const one = bench('stm32f427');
  const { probe } = one;
  const deaf = { ...probe, program: async () => undefined, eraseUnit: async () => undefined };
  const report = await check({ ...one, probe: deaf }, { withUniqueId: true });
  expect(outcomeOf(report, 'write-and-read')?.outcome).toBe('fail');
  expect(outcomeOf(report, 'erase')?.outcome).toBe('pass');
  expect(report.identity.uniqueId).toHaveLength(24);
  expect(hasPassed(withRehearsal(report))).toBe(false);
});

it('is not begun on a protected chip', async () => {
  const one = bench('stm32f427');
  one.chip.debug.connect();
  const level1 = withOptionField(one.facts, one.chip.judge.optionsStored, { name: 'RDP', value: 0x55 });
  one.chip.debug.writeOptionBytes(level1);
  one.chip.powerOff();
  await expect(check(one)).rejects.toMatchObject({ code: 'chip-read-protected' });
});

describe('a report', () => {
  it('speaks for the chip and the agent with which it passed, on silicon', async () => {
    const report = await check(bench('stm32g0b1'));
    const pair = { chip: 'stm32g0b1', agentSha256 };
    expect(isTried([report], pair)).toBe(false);
    expect(isTried([withRehearsal(report)], pair)).toBe(true);
    expect(isTried([{ ...withRehearsal(report), placeKind: 'virtual' }], pair)).toBe(false);
    expect(isTried([withRehearsal(report)], { ...pair, agentSha256: 'cd'.repeat(32) })).toBe(false);
    expect(isTried([withRehearsal(report)], { ...pair, chip: 'stm32f427' })).toBe(false);
    const failed = withRehearsal(report);
    expect(isTried([{ ...failed, checks: [...failed.checks, { name: 'x', outcome: 'fail' }] }], pair)).toBe(
      false,
    );
  });

  it.each([
    ['{', 'JSON'],
    ['{}', 'format'],
    ['{"format":"firmseal-silicon-report","version":2}', 'version'],
  ])('%s is refused', (text, reason) => {
    expect(() => readSiliconReport(text, 'r.json')).toThrow(
      expect.objectContaining({ code: 'silicon-report-invalid', message: expect.stringContaining(reason) }),
    );
  });
});

// Fifteen complaints of people who use ST's installer, each as a drill: what firmseal tells them, and when.
// docs/sfi.md answers them in words.

import {
  causes,
  diagnose,
  familyOfPart,
  findFamily,
  meanOptions,
  readOptionFile,
  type SfiEvent,
  sfiFamilies,
} from '@firmseal/sfi';
import { expect, test } from 'vitest';
import { faultOf, installOn, newBench } from './bench.ts';
import { freshChip, freshWorld } from './fresh.ts';
import type { StandInChip } from './world.ts';

const benchOf = (family: 'u5' | 'h5' | 'h7', given: Partial<StandInChip> = {}) =>
  newBench(freshWorld([freshChip(family, given)]));
const effectsOf = (text: string, family: 'u5' | 'h5') =>
  meanOptions(readOptionFile(text), findFamily(family))
    .effects.map(({ says }) => says)
    .join('; ');

test('1 what if the last command is blocked? The state that it sets is read back', async () => {
  const bench = benchOf('h5', { faults: ['success-in-provisioning'] });
  const { outcome, reasons } = await installOn(bench);
  expect([outcome, reasons[0]]).toEqual([
    'FAILED',
    expect.stringContaining('PRODUCT_STATE is 0x17, not 0x72'),
  ]);
});

test('2 what was verified? The outcome names what was read, and that nothing is proven', async () => {
  const { reasons } = await installOn(benchOf('u5'));
  expect(reasons).toEqual([expect.stringContaining('RDP read as asked; the chip signs nothing')]);
});

test('3 and 4 the answers are secret or paid for: every row has a public source', () => {
  for (const { id, source } of causes) expect(source, id).toMatch(/ST \d|QA \d|AN\d{4}|KB|wiki/);
});

test('5 tabs greyed out without a reason: what is refused says why and what to do', async () => {
  const bench = benchOf('h5');
  bench.world.chips[0]!.fields['PRODUCT_STATE'] = 0x17;
  const fault = await faultOf(installOn(bench));
  expect(fault.message).toContain('an install starts from 0xED');
  expect(fault.remedy).toContain('Way back');
});

test.each(['STM32F427ZI', 'STM32H743ZI', 'stm32g0b1', 'STM32WB55', 'STM32H723'])(
  '6 %s has no installer: told by its name',
  (part) => {
    expect(() => familyOfPart(part)).toThrow(expect.objectContaining({ code: 'sfi-part-without-installer' }));
  },
);

test('7 one error for everything: the cause by chip and probe', async () => {
  const found = async (given: Partial<StandInChip>) => (await installOn(benchOf('h7', given))).causes[0]?.id;
  expect(await found({ faults: ['rss-catch-all'] })).toBe('rss-catch-all');
  expect(await found({ faults: ['rss-catch-all'], probe: 'j-link' })).toBe('rss-catch-all-jlink');
});

test('8 a failed install costs a license: ten failures cost one', async () => {
  const bench = benchOf('u5', { faults: ['rss-0x1'] });
  for (let run = 0; run < 10; run++) expect((await installOn(bench)).outcome).toBe('FAILED');
  expect(bench.world.card.counter).toBe(9);
  expect(bench.commands.filter((command) => command.includes('-hsmglfcb'))).toHaveLength(1);
});

test('9 works once, never after a factory reset: the books know, and say so', async () => {
  const bench = benchOf('u5', { faults: ['once-only'] });
  await installOn(bench);
  bench.world.chips[0]!.fields = { ...freshChip('u5').fields };
  expect((await installOn(bench, { again: true })).causes.map(({ id }) => id)).toContain('once-only');
});

test('10 stuck in provisioning: told before a license is drawn, with the way back and its price', async () => {
  const bench = benchOf('h5');
  bench.world.chips[0]!.fields['PRODUCT_STATE'] = 0x17;
  const { code, remedy } = await faultOf(installOn(bench));
  expect([code, remedy]).toEqual([
    'sfi-needs-person',
    expect.stringContaining('erases flash, SRAM and OBK storage'),
  ]);
  expect(bench.world.card.counter).toBe(10);
});

test('11 success with PRODUCT_STATE 0x17: told from the option-byte file before, and as FAILED after', async () => {
  expect(effectsOf('OPTSR_PRG,0x2D3017F8', 'h5')).toContain('your code does not run in it');
  const result = await installOn(benchOf('h5', { faults: ['success-in-provisioning'] }));
  expect(result.causes[0]?.id).toBe('success-in-provisioning');
});

test('12 TrustZone turned on silently: told before', () => {
  expect(effectsOf('OPTR,0x1FEFF0BB', 'u5')).toContain("ST's installer turns TrustZone on by itself");
});

test('13 which personalization file? The one whose name begins with the chip\u2019s own product id', async () => {
  const events: SfiEvent[] = [];
  await installOn(benchOf('h7'), {}, events);
  const notes = events.flatMap((event) => (event.event === 'note' ? [event.says] : []));
  expect(notes.join()).toContain('a personalization file whose name begins with 45002001');
});

test('14 a chip whose firmware is too old: what is needed is told before, the cause at once', async () => {
  for (const id of ['h5', 'h7rs', 'h7'] as const) expect(findFamily(id).chipFirmware).toBeDefined();
  const result = await installOn(benchOf('h5', { faults: ['chip-firmware-old'] }));
  expect(result.causes[0]?.id).toBe('chip-firmware-old');
});

test('15 tests burn licenses: the same chip takes its own again, and a quota stops at its number', async () => {
  const chips = ['1', '2', '3'].map((serialNumber) => freshChip('u5', { serialNumber }));
  const bench = newBench(freshWorld(chips));
  const on = (serialNumber: string) => installOn(bench, { quota: 2, port: { port: 'swd', serialNumber } });
  for (const serialNumber of ['1', '2', '1', '2'])
    expect((await on(serialNumber)).outcome).toBe('DONE-UNPROVEN');
  expect(await faultOf(on('3'))).toMatchObject({ code: 'sfi-quota-exhausted' });
  expect(bench.world.card.counter).toBe(8);
});

test('a new license file replaces an older license file, but never a license that a card counted', async () => {
  const bench = benchOf('u5', { faults: ['rss-0x1'] });
  const file = (text: string) => ({ kind: 'file' as const, bytes: Uint8Array.from(Buffer.from(text)) });
  await installOn(bench, { source: file('first') });
  await installOn(bench, { source: file('second') });
  const held = () => [...bench.disk].find(([path]) => path.endsWith('/license'))?.[1];
  expect(Buffer.from(held()!).toString()).toBe('second');
  const counted = benchOf('u5', { faults: ['rss-0x1'] });
  await installOn(counted);
  await installOn(counted, { source: file('other') });
  const [, license] = [...counted.disk].find(([path]) => path.endsWith('/license'))!;
  expect(Buffer.from(license).toString()).toContain('stand-in license key-1');
});

test('every state of every family names a way back, or says that no way exists', () => {
  for (const family of sfiFamilies)
    for (const { value } of family.states)
      expect(
        diagnose(family, { fields: { [family.stateField]: value } }).state?.allows,
        family.name,
      ).toBeDefined();
});

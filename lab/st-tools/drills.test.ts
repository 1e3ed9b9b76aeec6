// A drill on the stand-in for each row of the table of causes: the user is told the cause, before a license
// is drawn or with the outcome, and the same command draws no second license.

import {
  causes,
  diagnose,
  type FamilyId,
  familyOfPart,
  findCauses,
  findFamily,
  meanOptions,
  overlaps,
  readOptionFile,
  readSfi,
  type Situation,
  ToolLogReader,
} from '@firmseal/sfi';
import { writeSfi } from '@firmseal/sfi/testing';
import { describe, expect, test } from 'vitest';
import { faultOf, installOn, newBench } from './bench.ts';
import { freshChip, freshWorld } from './fresh.ts';
import { installFaults } from './install-lines.ts';
import { programmer } from './programmer.ts';
import type { StandInChip } from './world.ts';

const noFiles = { read: () => undefined, write: () => undefined };

/** What the stand-in says to a command line, as a log. */
function logOf(chip: StandInChip, ...words: string[]) {
  const reader = new ToolLogReader();
  for (const line of programmer(freshWorld([chip]), words, noFiles)) reader.take(line);
  return reader.log;
}

const firstCause = (situation: Situation): string | undefined => findCauses(situation)[0]?.id;

/** Rows that an install ends with, and the family that the row is of. */
const installDrills: readonly (readonly [string, FamilyId, Partial<StandInChip>])[] = [
  ['rss-catch-all', 'h7', {}],
  ['rss-catch-all-jlink', 'h7', { probe: 'j-link' }],
  ['rss-0x1', 'u5', {}],
  ['rss-0xf5-u5', 'u5', {}],
  ['rss-0xf5-h5', 'h5', {}],
  ['chip-firmware-old', 'h5', {}],
  ['stops-after-license', 'u5', {}],
  ['no-active-configuration', 'u5', {}],
  ['failed-in-provisioning', 'h5', {}],
  ['success-in-provisioning', 'h5', {}],
  ['unreachable-after', 'h7', {}],
  ['wrong-card', 'u5', {}],
];

describe('an install', () => {
  test.each(installDrills)(
    '%s is told with the outcome, and its license is used again',
    async (id, family, given) => {
      const bench = newBench(freshWorld([freshChip(family, { faults: [id], ...given })]));
      const result = await installOn(bench);
      expect([result.outcome, result.causes[0]?.id]).toEqual(['FAILED', id]);
      expect(bench.world.card.counter).toBe(9);
      // The fault is mended, and the chip is as the user can bring it back.
      Object.assign(bench.world.chips[0]!, freshChip(family, { ...given, faults: [] }));
      expect((await installOn(bench)).outcome).toBe('DONE-UNPROVEN');
      expect(bench.world.card.counter).toBe(9);
    },
  );

  test('once-only is told when the books know the chip as installed before', async () => {
    const chip = freshChip('u5');
    const bench = newBench(freshWorld([chip]));
    expect((await installOn(bench)).outcome).toBe('DONE-UNPROVEN');
    Object.assign(chip, { fields: freshChip('u5').fields, faults: ['once-only'] }); // a factory reset
    const result = await installOn(bench, { again: true });
    expect([result.outcome, result.causes.map(({ id }) => id)]).toEqual([
      'FAILED',
      expect.arrayContaining(['once-only']),
    ]);
    expect(bench.world.card.counter).toBe(9);
  });

  test('trustzone-already-on is told before a license is drawn', async () => {
    const chip = freshChip('l5');
    chip.fields['TZEN'] = 1;
    const bench = newBench(freshWorld([chip]));
    const fault = await faultOf(installOn(bench));
    expect(fault).toMatchObject({
      code: 'sfi-needs-person',
      message: expect.stringContaining('TZEN is 0x01'),
    });
    expect(bench.world.card.counter).toBe(10);
    const log = logOf(chip, '-c', 'port=swd', '-ob', 'displ');
    expect(log.fields['TZEN']).toBe(1);
    const failed = newBench(freshWorld([freshChip('l5', { faults: ['trustzone-already-on'] })]));
    failed.world.chips[0]!.fields['nSWBOOT0'] = 0;
    await installOn(failed);
    const reader = new ToolLogReader();
    for (const line of [...failed.log, 'Warning: Option Byte: TZEN, value: 0x1, was not modified.'])
      reader.take(line);
    expect(firstCause({ log: reader.log, failed: true })).toBe('trustzone-already-on');
  });
});

const expectedLine = (name: string, wanted: string, found: string) =>
  `Error: Expected value for Option Byte "${name}": ${wanted}, found: ${found}`;

/** The text of a line that somebody else's step printed. */
const told = (line: string, ...more: string[]) => {
  const reader = new ToolLogReader();
  for (const one of [...more, line]) reader.take(one);
  return { log: reader.log, failed: true };
};

describe('before and after', () => {
  test('part-without-sfi: the part is refused by its name, and the line is known', () => {
    expect(() => familyOfPart('STM32H743ZI')).toThrow(
      expect.objectContaining({ code: 'sfi-part-without-installer' }),
    );
    expect(firstCause(told('Error: Activating security Failure'))).toBe('part-without-sfi');
  });

  test('level-half', () => {
    const chip = freshChip('u5', { faults: ['level-half'] });
    const log = logOf(chip, '-c', 'port=swd', '-ob', 'displ');
    expect(diagnose(findFamily('u5'), log, [log]).causes[0]?.id).toBe('level-half');
  });

  test('open-not-reached, and the way back that really is one', () => {
    const chip = freshChip('h5');
    chip.fields['PRODUCT_STATE'] = 0x17;
    const log = logOf(chip, '-c', 'port=swd', '-ob', 'PRODUCT_STATE=0xED');
    expect(firstCause({ log, failed: true })).toBe('open-not-reached');
    expect(diagnose(findFamily('h5'), log).state?.wayBack).toContain('debug authentication');
  });

  test('code-silent', () => {
    const found = diagnose(findFamily('h5'), { fields: { PRODUCT_STATE: 0x17 } });
    expect(found.causes.map(({ id }) => id)).toContain('code-silent');
  });

  test('csv-wrong-state: before an image is built', () => {
    const { registers, effects } = meanOptions(readOptionFile('OPTSR_PRG,0x2D3017F8'), findFamily('h5'));
    const fields = Object.fromEntries(registers[0]!.fields.map(({ name, value }) => [name, value]));
    expect(firstCause({ file: 'option-bytes', family: 'h5', fields })).toBe('csv-wrong-state');
    expect(effects.map(({ says }) => says)).toContain(
      'leaves PRODUCT_STATE at 0x17, provisioning: your code does not run in it',
    );
  });

  test.each(['obk-size', 'obk-encrypted'])('%s', (id) => {
    const log = logOf(freshChip('h5', { faults: [id] }), '-c', 'port=swd', '-sdp', 'DA.obk');
    expect(firstCause({ log, failed: true })).toBe(id);
  });

  test('sdp-without-file: the script went on with exit status 0', () => {
    const log = logOf(freshChip('h5'), '-c', 'port=swd', '-sdp');
    expect(firstCause({ log, failed: true })).toBe('sdp-without-file');
  });

  test.each(['discovery-fails', 'no-mailbox'])('%s', (id) => {
    const log = logOf(freshChip('h5', { faults: [id] }), '-c', 'port=SWD', 'debugauth=2');
    expect(firstCause({ log, failed: true })).toBe(id);
  });

  test('closed-without-keys', () => {
    const log = logOf(freshChip('h5', { provisioned: false }), '-c', 'port=SWD', 'debugauth=2');
    expect(log.integrity).toBe(0xf5f5f5f5);
    expect(firstCause({ log })).toBe('closed-without-keys');
  });

  test.each([
    ['obk-plain', told('Error: Debug Authentication: Authentication failed', 'Device ID : 0x478')],
    ['rdp-refused', told(expectedLine('RDP', '0xBB', '0xAA'))],
    ['pcrop-stays', told(expectedLine('PROT_AREA_START1', '0xFF', '0x0'))],
    [
      'certificate-partition',
      { log: logOf(freshChip('h7', { faults: ['certificate-partition'] }), '-gc', 'c.bin') },
    ],
    ['packager-map', told('Error: segments overlap')],
    ['card-locked', { ...told('Error: the card is locked already'), command: 'program-card' as const }],
    ['packager-csv', { file: 'option-bytes' as const, rowsWrong: true }],
  ])('%s', (id, situation) => {
    expect(firstCause(situation)).toBe(id);
  });

  test('packager-map: overlaps are found in the image itself', () => {
    const image = readSfi(
      writeSfi([
        { type: 'F', payload: new Uint8Array(64), destinationAddress: 0x08000000 },
        { type: 'F', payload: new Uint8Array(64), destinationAddress: 0x08000020 },
      ]),
    );
    expect(overlaps(image.areas)).toHaveLength(1);
  });

  test.each(['security-state-warning', 'option-unchanged', 'reconnect-after-close'])(
    '%s belongs to good installs',
    async (id) => {
      const family = {
        'security-state-warning': 'h7',
        'option-unchanged': 'u5',
        'reconnect-after-close': 'h5',
      }[id]!;
      const chip = freshChip(family as FamilyId);
      if (family === 'u5') chip.fields['nSWBOOT0'] = 0;
      const bench = newBench(freshWorld([chip]));
      const result = await installOn(bench);
      expect([result.outcome, result.errors]).toEqual(['DONE-UNPROVEN', []]);
      const words = causes.find((cause) => cause.id === id)!.match.text![0]!;
      expect(bench.log.join('\n')).toMatch(new RegExp(words));
    },
  );
});

test('every row of the table has a drill', async () => {
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(new URL('drills.test.ts', import.meta.url), 'utf8');
  const without = causes.map(({ id }) => id).filter((id) => !text.includes(id));
  expect(without).toEqual([]);
  expect(Object.keys(installFaults).filter((id) => !causes.some((cause) => cause.id === id))).toEqual([]);
});

import { Fault } from '@firmseal/fault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findFamily } from './families.ts';
import { looksLikeOptionFile, readOptionFile } from './option-csv.ts';
import { meanOptions, registerKey } from './option-meanings.ts';

describe('rows', () => {
  test('spaces, line ends, separators, comments, a heading and further words are taken', () => {
    const text =
      '\uFEFFName,Value\r\n# mine\r\nFWPSN PRG A, 0xFFFFFFFF , note\r\n\r\nOPTR;0x10\nWRP1AR\t17\n"A","0x2"\nB,1FEFF8AA\n// end';
    expect(readOptionFile(text)).toEqual([
      { name: 'FWPSN_PRG_A', value: 0xffffffff, line: 3 },
      { name: 'OPTR', value: 16, line: 5 },
      { name: 'WRP1AR', value: 17, line: 6 },
      { name: 'A', value: 2, line: 7 },
      { name: 'B', value: 0x1feff8aa, line: 8 },
    ]);
  });

  test.each([
    ['OPTR,0x1\nOPTR,0x2', 2, 'OPTR stands in line 1 already'],
    ['OPTR', 1, 'the second word is no number'],
    ['OPTR,0x100000000', 1, 'the second word is no number'],
    ['OPTR,4294967296', 1, 'more than 32 bits'],
    ['OPTR,Ox10', 1, 'the second word is no number'],
    ['-OPTR,0x1', 1, 'the first word is no name'],
    ['OPTR,1FEFF0A', 1, 'the second word is no number'],
    ['', 1, 'there is no row'],
    [Array.from({ length: 257 }, (_, index) => `A${index},0x1`).join('\n'), 257, 'more than 256 rows'],
  ])('%j is refused with its line', (text, line, reason) => {
    expect(() => readOptionFile(text)).toThrow(
      expect.objectContaining({
        code: 'option-file-invalid',
        fields: { line, reason: expect.stringContaining(reason) },
      }),
    );
  });

  test('RESERVED may stand twice', () => {
    expect(readOptionFile('RESERVED,0x1\nRESERVED,0x2')).toHaveLength(2);
  });

  test('no text throws anything but a fault', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom('OPTR', ',', '0x1', '\n', ' ', ';')).map((all) => all.join('')),
        ),
        (text) => {
          try {
            meanOptions(readOptionFile(text));
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
          }
          looksLikeOptionFile(text);
        },
      ),
      { seed: 20261, numRuns: 1000 },
    );
  });
});

test('a log is no option-byte file', () => {
  expect(looksLikeOptionFile('Area size : 688\nError: no, 0x1\nDevice ID : 0x455')).toBe(false);
  expect(looksLikeOptionFile('OPTSR_PRG,0x2D30EDF8\n')).toBe(true);
});

test('one register has several names', () => {
  const names = ['FLASH_OPTSR_PRG', 'FOPTSR_PRG', 'OPTSR', 'OPTSR_CUR'];
  expect(new Set(names.map(registerKey)).size).toBe(1);
  expect([registerKey('FPRAR_PRG_B'), registerKey('FBOOT7_PRG'), registerKey('OPTSR2_PRG')]).toEqual([
    'PRAR2',
    'BOOT',
    'OPTSR2',
  ]);
});

describe('effects', () => {
  const effects = (text: string, family?: Parameters<typeof findFamily>[0]) =>
    meanOptions(readOptionFile(text), family === undefined ? undefined : findFamily(family)).effects.map(
      ({ says }) => says,
    );

  test.each([
    ['OPTSR_PRG,0x2D3072F8', 'h5', 'only debug authentication opens the chip again'],
    ['OPTSR_PRG,0x2D305CF8', 'h5', 'cannot be undone'],
    ['OPTSR_PRG,0x2D30EDF8', 'h5', 'open: the chip can be read out'],
    ['OPTSR_PRG,0x2D3072F8\nOPTSR2_PRG,0xC3000070', 'h5', 'must be by a password'],
    ['OPTSR_PRG,0x2D3072F8\nOPTSR2_PRG,0xB4000070', 'h5', 'must be by a certificate'],
    ['OPTR,0x1FEFF0CC', 'u5', 'readout level 2; way back: only with the OEM2 key'],
    ['OPTR,0x9FEFF0BB', 'u5', 'turns TrustZone on'],
    ['OPTR,0x1FEFF0BB', 'u5', "ST's installer turns TrustZone on by itself"],
    ['OPTR,0x1FEFF0CC', 'wl5', 'cannot be undone'],
    ['FOPTSR_PRG,0x1026CCD0', undefined, 'cannot be undone'],
    ['NVSR,0x00000051', undefined, '0x51 is closed'],
  ] as const)('%j on %s: %s', (text, family, says) => {
    expect(effects(text, family).join('; ')).toContain(says);
  });

  test('names that fit several families are told, and a part of another family too', () => {
    const rows = readOptionFile('OPTR,0x1FEFF0AA\nSECWM1R1,0x0');
    expect(meanOptions(rows).families).toEqual(['u5', 'l5', 'u3', 'wba']);
    expect(meanOptions(rows, findFamily('h5')).gaps[0]).toContain('not STM32H5');
    expect(meanOptions(readOptionFile('ABC,0x1')).gaps[0]).toContain('no family is known');
  });
});

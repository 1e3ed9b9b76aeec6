// `firmseal demo FILE` with images that are not in the tree: made here, in the formats and at
// the addresses that people use.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { jsonLines, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-demo-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const f427 = findChip('stm32f427');

/** Firmware that a chip can start when it is linked at the address. */
const content = (sizeBytes: number, address: number): Uint8Array =>
  withVectorTable(
    f427,
    address,
    Uint8Array.from({ length: sizeBytes }, (_, i) => (i * i * 17 + i * 5 + 3) & 0xff),
  );

/** ELF32 for ARM with one segment, as a linker would write it (ELF specification, figures 1-3 and 2-1). */
function elf(address: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(0x54 + bytes.length);
  const view = new DataView(whole.buffer);
  whole.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 40, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, address + 0x101, true);
  view.setUint32(28, 0x34, true);
  view.setUint16(40, 0x34, true);
  view.setUint16(42, 0x20, true);
  view.setUint16(44, 1, true);
  for (const [i, word] of [1, 0x54, address, address, bytes.length, bytes.length, 5, 4].entries()) {
    view.setUint32(0x34 + 4 * i, word, true);
  }
  whole.set(bytes, 0x54);
  return whole;
}

const linked = (address: number, sizeBytes: number) => elf(address, content(sizeBytes, address));

/** Motorola S-records of type 3, sixteen bytes each. */
function srecords(address: number, bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const data = [...bytes.subarray(at, at + 16)];
    const where = address + at;
    const body = [
      data.length + 5,
      where >>> 24,
      (where >>> 16) & 0xff,
      (where >>> 8) & 0xff,
      where & 0xff,
      ...data,
    ];
    const sum = ~body.reduce((total, byte) => total + byte, 0) & 0xff;
    lines.push(
      `S3${[...body, sum].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')}`,
    );
  }
  return `${lines.join('\r\n')}\r\nS70500000000FA\r\n`;
}

const demoJson = (...words: string[]) => runHere(['demo', ...words, '--json']);

const files: readonly (readonly [string, () => string[], string])[] = [
  ['an ELF file linked at 0x08000000', () => [file('start.elf', linked(0x0800_0000, 20_000))], 'bank2'],
  ['an ELF file linked above the agent', () => [file('above.elf', linked(0x0804_0000, 20_000))], 'above'],
  ['S-records', () => [file('app.s19', srecords(0x0800_0000, content(9_000, 0x0800_0000)))], 'bank2'],
  ['a raw binary', () => [file('app.bin', content(12_345, 0x0804_0000)), '--address', '0x08040000'], 'above'],
];

// In a sample one file for each slot.
describe('the demo with a file of the user', () => {
  it.each(sampled(files, [files[0]!, files[3]!]))('%s', async (_, words, slot) => {
    const outcome = await demoJson(...words());
    expect(outcome.stderr).toBe('');
    expect(outcome.status).toBe(0);
    const lines = jsonLines(outcome);
    expect(lines[0]).toMatchObject({ event: 'sealed', slot });
    expect(lines.at(-1)).toMatchObject({
      event: 'summary',
      installed: 4,
      receiptsVerified: 4,
      plaintextBytesRead: 0,
      ledgerVerified: true,
    });
    expect(lines.at(-1)?.['controlBytesRead']).toBeGreaterThan(8_000);
  });

  it('refuses an image that does not fit, and names the free ranges', async () => {
    const outcome = await demoJson(file('wide.elf', linked(0x0801_0000, 2_000_000)));
    expect(outcome.status).toBe(3);
    const [error] = jsonLines(outcome);
    expect(error).toMatchObject({ event: 'error', code: 'image-does-not-fit' });
    expect(`${error?.['sentence']}${error?.['remedy']}`).toContain('0x08040000..0x081DFFFF');
    expect(error?.['remedy']).not.toBe('');
  });

  it.each([
    ['an ELF file cut short', () => linked(0x0800_0000, 20_000).subarray(0, 5_000)],
    [
      'an S-record with a wrong checksum',
      () =>
        srecords(0x0800_0000, content(64, 0x0800_0000))
          .replace('S3', 'S3')
          .replace(/.{2}\r/, '00\r'),
    ],
    ['an empty file', () => new Uint8Array(0)],
  ])('refuses %s with a code, a sentence and a remedy', async (name, make) => {
    const outcome = await demoJson(file(`${name.replaceAll(' ', '-')}.img`, make()));
    expect(outcome.status).toBe(3);
    expect(outcome.stderr).toMatch(/^FS\d{4} [a-z-]+: .+\n {2}What to do: .+\n$/);
    const [error] = jsonLines(outcome);
    expect(error).toMatchObject({ event: 'error', code: expect.stringMatching(/^[a-z0-9-]+$/) });
  });

  it('refuses the example with one byte of its header changed', async () => {
    const example = readFileSync(
      fileURLToPath(new URL('../../../examples/stm32f427-panel/panel.elf', import.meta.url)),
    );
    example[0x12] = 0x3e;
    expect((await demoJson(file('other-machine.elf', example))).status).toBe(3);
  });
});

// The committed example firmware is what its sources make: built again here and compared byte for byte. With
// another compiler than the recorded one, what no compiler may change is compared instead.

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from '@firmseal/bytes';
import { readImage } from '@firmseal/image';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lackingTool, skipTests } from './test-report/skip-tests.ts';
import { runTool, toolVersion } from './toolchain.ts';

const panelFolder = fileURLToPath(new URL('../examples/stm32f427-panel/', import.meta.url));
const compiler = 'arm-none-eabi-gcc';
const objcopy = 'arm-none-eabi-objcopy';
const emulator = 'qemu-system-arm';
const lackToBuild = lackingTool([compiler], [objcopy]);
const work = mkdtempSync(join(tmpdir(), 'firmseal-examples-'));
afterAll(() => rmSync(work, { recursive: true }));

const placements = [
  { file: 'panel.elf', programAddress: 0x08000000 },
  { file: 'panel-above-agent.elf', programAddress: 0x08040000 },
];
const assetsAddress = 0x08060000;
const greetingPattern = /firmseal example panel (\d+\.\d+\.\d+), build [0-9a-f]{8}/;

const committed = (file: string) => readFileSync(join(panelFolder, file));
const greetingOf = (bytes: Uint8Array) => greetingPattern.exec(Buffer.from(bytes).toString('latin1'));

function sameCompiler(): boolean {
  const recorded = readFileSync(join(panelFolder, 'toolchain.txt'), 'utf8').trim().split('\n');
  const installed = [toolVersion(compiler), toolVersion('arm-none-eabi-ld')];
  if (recorded.join() === installed.join()) return true;
  console.warn(`compared loosely: built with ${recorded[0]}, installed is ${installed[0]}`);
  return false;
}

/** Runs build.sh from a copy of the sources in another folder, so that a path in the output would show. */
function build(folderName: string, env: Record<string, string> = {}): string {
  const folder = join(work, folderName);
  const output = join(folder, 'made');
  cpSync(panelFolder, folder, { recursive: true, filter: (path) => !path.endsWith('.elf') });
  mkdirSync(output);
  const assignments = Object.entries({ NODE: process.execPath, ...env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  runTool('env', [...assignments, './build.sh', output], folder);
  return output;
}

describe('committed panel firmware', () => {
  for (const { file, programAddress } of placements)
    it(`${file} has its program and its assets at sector boundaries and greets`, () => {
      const image = readImage(committed(file), { fileName: file });
      expect(image.notes).toEqual([]);
      expect(image.segments.map((segment) => segment.address)).toEqual([programAddress, assetsAddress]);
      const [program, assets] = image.segments;
      const sizeBytes = program!.bytes.length + assets!.bytes.length;
      expect(sizeBytes).toBeGreaterThan(100 * 1024);
      expect(sizeBytes).toBeLessThan(1024 * 1024);
      expect(greetingOf(program!.bytes)?.[1]).toBe('1.0.0');
      // Vector table: stack in SRAM, reset handler = entry, a Thumb address in the program.
      const words = new DataView(program!.bytes.buffer);
      expect(words.getUint32(0, true)).toBe(0x2001c000);
      expect(words.getUint32(4, true)).toBe(image.entry);
      expect(image.entry! & 1).toBe(1);
      expect(image.entry! - programAddress).toBeLessThan(program!.bytes.length);
    });

  it('has assets whose directory holds', () => {
    const assets = readImage(committed('panel.elf')).segments[1]!.bytes;
    const words = new DataView(assets.buffer);
    const count = words.getUint32(8, true);
    expect(count).toBe(4);
    for (let i = 0; i < count; i++) {
      const [offset, sizeBytes, crc] = [8, 12, 16].map((at) => words.getUint32(16 + 20 * i + at, true));
      expect(crc32(assets.subarray(offset, offset! + sizeBytes!))).toBe(crc);
    }
  });
});

describe('panel firmware built again', () => {
  skipTests(lackToBuild);
  let output = '';
  beforeAll(() => {
    if (lackToBuild === undefined) output = build('first');
  });

  it('is the committed file, or with another compiler the same firmware', () => {
    const exact = sameCompiler();
    for (const { file } of placements) {
      const built = readFileSync(join(output, file));
      if (exact) {
        expect(built.equals(committed(file)), `${file} differs from its sources: run build.sh`).toBe(true);
        continue;
      }
      const [program, assets] = readImage(built).segments;
      const [programDue, assetsDue] = readImage(committed(file)).segments;
      expect(assets).toEqual(assetsDue);
      expect(program!.address).toBe(programDue!.address);
      expect(Math.abs(program!.bytes.length / programDue!.bytes.length - 1)).toBeLessThan(0.5);
      expect(greetingOf(program!.bytes)?.[0]).toBe(greetingOf(programDue!.bytes)?.[0]);
    }
  });

  it('depends on no folder name, and on the version that is asked for', () => {
    const [file] = placements.map((placement) => placement.file);
    const again = build('second, elsewhere', { PANEL_VERSION: '1.0.0' });
    expect(readFileSync(join(again, file!)).equals(readFileSync(join(output, file!)))).toBe(true);
    const update = build('update', { PANEL_VERSION: '1.1.0' });
    expect(greetingOf(readFileSync(join(update, file!)))?.[1]).toBe('1.1.0');
  });

  it('reads to the segments that objcopy makes of it', () => {
    for (const { file, programAddress } of placements) {
      const { segments, entry } = readImage(readFileSync(join(output, file)));
      for (const format of ['ihex', 'srec']) {
        runTool(objcopy, ['-O', format, file, 'converted'], output);
        expect(readImage(readFileSync(join(output, 'converted')))).toMatchObject({ segments, entry });
      }
      runTool(objcopy, ['-O', 'binary', '--only-section=.assets', file, 'converted'], output);
      const binary = readImage(readFileSync(join(output, 'converted')), {
        format: 'bin',
        address: assetsAddress,
      });
      expect(binary.segments).toEqual(segments.slice(1));
      runTool(objcopy, ['-O', 'binary', file, 'converted'], output);
      const whole = readFileSync(join(output, 'converted'));
      expect(whole.length).toBe(assetsAddress - programAddress + segments[1]!.bytes.length);
      for (const { address, bytes } of segments)
        expect(
          whole
            .subarray(address - programAddress)
            .subarray(0, bytes.length)
            .equals(bytes),
        ).toBe(true);
    }
  });
});

describe('panel firmware run by QEMU', () => {
  skipTests(lackingTool([emulator, 'never']));
  let machine: ChildProcess | undefined;
  afterAll(() => machine?.kill('SIGKILL'));

  it('greets, passes its self-test and answers', async () => {
    // An STM32F405 has the same core, flash address and USART1; QEMU leaves the other peripherals out.
    const args = ['-M', 'netduinoplus2', '-display', 'none', '-monitor', 'none', '-serial', 'stdio'];
    const running = spawn(emulator, [...args, '-kernel', join(panelFolder, 'panel.elf')]);
    machine = running;
    let text = '';
    const printed = (end: string) =>
      new Promise<void>((resolve, reject) => {
        running.stdout.on('data', (data: Buffer) => {
          text += data.toString('latin1');
          if (text.endsWith(end)) resolve();
        });
        running.once('exit', (code) => reject(new Error(`QEMU ended with ${code} after: ${text}`)));
      });
    await printed('ready\r\n');
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(greetingOf(committed('panel.elf'))?.[0]);
    expect(lines.filter((line) => line.endsWith(' ok')).length).toBe(4);
    expect(lines).toContain('self-test passed');
    const greeting = `${lines[0]}\r\n`;
    text = '';
    running.stdout.removeAllListeners('data');
    const answered = printed(greeting);
    running.stdin.write('v');
    await answered;
    expect(text).toBe(greeting);
  });
});

// `firmseal flash write` beside stm32flash, dfu-util and OpenOCD: the same image on the same virtual chip,
// written and read back. Over the UART in simulated time, bytes on the wire and flash; over USB in control
// transfers and in what the bootloader makes a host wait; through OpenOCD, which both use, in wall time.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bytes } from '@firmseal/bytes';
import { openocdOnChip } from '@firmseal/openocd/testing';
import { createVirtualChip, machineCode, openPseudoTerminal, UartDoor } from '@firmseal/virtual-stm32';
import { runOpenocd } from '../lab/conformance/clients/openocd.ts';
import { openocdFamilies } from '../lab/conformance/clients/openocd-families.ts';
import { flashStart, romBench } from '../lab/conformance/clients/rom-bench.ts';
import { countDfuDownload, countOwnDownload } from '../lab/dfu-shim/count-download.ts';
import { hasTool } from '../tools/toolchain.ts';
import type { BenchRow } from './row.ts';

const chipId = 'stm32f427';
const mebibyte = 1024 * 1024;
/** 1 MiB takes OpenOCD's loader on the simulated processor a minute and a half. */
const probeBytes = 256 * 1024;
const lineBaud = 115_200;
const timeoutMs = 600_000;

const main = fileURLToPath(new URL('../apps/cli/src/main.ts', import.meta.url));
const imageOf = (length: number): Bytes =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff);

/** Runs a program to its end; throws with what it printed when it fails. */
function run(program: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) =>
    execFile(program, words, { timeout: timeoutMs }, (error, out, err) =>
      error === null
        ? resolve()
        : reject(new Error(`${program}: ${error.message}\n${out}${err}`.slice(0, 2000))),
    ),
  );
}

const firmseal = (file: string, via: string): Promise<void> =>
  run(process.execPath, [
    ...[main, 'flash', 'write', file, '--at', `0x0${flashStart.toString(16)}`],
    ...['--chip', chipId, '--via', via],
  ]);

/** Seconds of the chip's clock that a client needs on its UART; the wire carries 11 bits a byte. */
async function uartSeconds(image: Uint8Array, client: (path: string) => Promise<void>): Promise<number> {
  const { chip } = romBench(chipId);
  const door = new UartDoor(chip, { lineBaud });
  const terminal = await openPseudoTerminal(door);
  try {
    const beforeUs = chip.clock.nowUs;
    await client(terminal.path);
    if (!Buffer.from(chip.judge.flash(flashStart, image.length)).equals(image))
      throw new Error('the chip holds other bytes');
    return (chip.clock.nowUs - beforeUs) / 1e6;
  } finally {
    await terminal.close();
    door.close();
  }
}

async function uartRow(file: string, image: Uint8Array): Promise<BenchRow> {
  const ours = await uartSeconds(image, (path) => firmseal(file, `serial:${path}@${lineBaud}`));
  const peer = await uartSeconds(image, (path) =>
    run('stm32flash', ['-m', '8n1', '-b', String(lineBaud), '-w', file, '-v', path]),
  );
  return {
    ...{ name: 'flash write, 1 MiB to F427 over its UART', value: ours, unit: 's' },
    ...{ ratio: ours / peer, aim: 1, limit: 1.02 },
    note: `simulated time at ${lineBaud} baud, erase and read-back included; peer: stm32flash -w -v, ${peer.toFixed(1)} s`,
  };
}

async function usbRows(image: Bytes): Promise<BenchRow[]> {
  const ours = await countOwnDownload(chipId, flashStart, image);
  const peer = await countDfuDownload(chipId, flashStart, image);
  return [
    {
      ...{ name: 'flash write, 1 MiB to F427 over USB', value: ours.waitMs / 1000, unit: 's' },
      ...{ ratio: ours.waitMs / peer.waitMs, aim: 1, limit: 1.02 },
      note: `flash and announced polls, of each operation the longer; peer: dfu-util -D, ${(peer.waitMs / 1000).toFixed(1)} s`,
    },
    {
      ...{ name: 'flash write, 1 MiB to F427 over USB, control transfers', value: ours.transfers, unit: '' },
      ...{ ratio: ours.transfers / peer.transfers },
      note: `with a read-back, which dfu-util does not make; peer: dfu-util -D, ${peer.transfers}`,
    },
  ];
}

function blankChip() {
  const chip = createVirtualChip({ chip: chipId, seed: 'flash bench', executors: [machineCode()] });
  chip.powerOn();
  return chip;
}

async function probeRow(file: string, image: Uint8Array): Promise<BenchRow> {
  const [own, other] = [blankChip(), blankChip()];
  const openocd = await openocdOnChip(own);
  let oursMs = performance.now();
  try {
    await firmseal(file, `openocd:127.0.0.1:${openocd.port}`);
  } finally {
    oursMs = performance.now() - oursMs;
    await openocd.close();
  }
  const at = `0x0${flashStart.toString(16)}`;
  const steps = [
    ['write', `flash write_image erase image.bin ${at} bin`],
    ['verify', `verify_image image.bin ${at} bin`],
  ] as const;
  let peerMs = performance.now();
  const { answers } = await runOpenocd(
    other,
    { family: openocdFamilies[chipId]!, steps },
    { 'image.bin': image },
  );
  peerMs = performance.now() - peerMs;
  for (const chip of [own, other])
    if (!Buffer.from(chip.judge.flash(flashStart, image.length)).equals(image))
      throw new Error(`the chip holds other bytes: ${JSON.stringify(answers)}`);
  return {
    ...{ name: 'flash write, 256 KiB to F427 through OpenOCD', value: oursMs / 1000, unit: 's' },
    ...{ ratio: oursMs / peerMs, aim: 1, limit: 1.2 },
    note: `wall time, most of it OpenOCD's loader on a simulated processor; peer: OpenOCD's own write_image and verify_image, ${(peerMs / 1000).toFixed(1)} s`,
  };
}

export async function flashRows(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-flash-bench-'));
  const keep = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  try {
    const [large, small] = [imageOf(mebibyte), imageOf(probeBytes)];
    return [
      ...(hasTool('stm32flash', undefined, ['-h']) ? [await uartRow(keep('large.bin', large), large)] : []),
      ...(hasTool('dfu-util') && hasTool('gcc') ? await usbRows(large) : []),
      ...(hasTool('openocd') ? [await probeRow(keep('small.bin', small), small)] : []),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

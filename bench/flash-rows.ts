// `firmseal flash write` beside stm32flash, dfu-util and OpenOCD: the same image on the same virtual chip,
// written and read back. Over the UART in simulated time, bytes on the wire and flash; over USB in control
// transfers and in what the bootloader makes a host wait; through OpenOCD, which both use, in the chip's time
// and in bytes over the probe.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bytes } from '@firmseal/bytes';
import { openocdOnChip } from '@firmseal/openocd/testing';
import {
  createVirtualChip,
  machineCode,
  openPseudoTerminal,
  probeTarget,
  StlinkCommands,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { runOpenocd } from '../lab/conformance/clients/openocd.ts';
import { openocdFamilies } from '../lab/conformance/clients/openocd-families.ts';
import { flashStart, romBench } from '../lab/conformance/clients/rom-bench.ts';
import { countDfuDownload, countOwnDownload } from '../lab/dfu-shim/count-download.ts';
import { hasTool } from '../tools/toolchain.ts';
import type { BenchRow } from './row.ts';

const chipId = 'stm32f427';
const mebibyte = 1024 * 1024;
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

/** An ST-LINK that counts what its USB cable carries. */
class CountingStlink extends StlinkCommands {
  bytes = 0;

  override run(command: Uint8Array, data: Uint8Array): Uint8Array {
    const answer = super.run(command, data);
    this.bytes += command.length + data.length + answer.length;
    return answer;
  }
}

/** A blank chip behind a counting ST-LINK, written by a client that leaves the image in it. */
async function probeCost(
  image: Uint8Array,
  client: (chip: VirtualChip, stlink: CountingStlink) => Promise<void>,
): Promise<{ seconds: number; bytes: number }> {
  const chip = blankChip();
  const stlink = new CountingStlink(probeTarget(chip));
  const beforeUs = chip.clock.nowUs;
  await client(chip, stlink);
  if (!Buffer.from(chip.judge.flash(flashStart, image.length)).equals(image))
    throw new Error('the chip holds other bytes');
  return { seconds: (chip.clock.nowUs - beforeUs) / 1e6, bytes: stlink.bytes };
}

async function probeRows(file: string, image: Uint8Array): Promise<BenchRow[]> {
  const ours = await probeCost(image, async (chip, stlink) => {
    const openocd = await openocdOnChip(chip, stlink);
    try {
      await firmseal(file, `openocd:127.0.0.1:${openocd.port}`);
    } finally {
      await openocd.close();
    }
  });
  const at = `0x0${flashStart.toString(16)}`;
  const steps = [
    ['write', `flash write_image erase image.bin ${at} bin`],
    ['verify', `verify_image image.bin ${at} bin`],
  ] as const;
  const peer = await probeCost(image, async (chip, stlink) => {
    const job = { family: openocdFamilies[chipId]!, steps, stlink, timeoutMs };
    const { answers } = await runOpenocd(chip, job, { 'image.bin': image });
    if (!answers['verify']?.startsWith('verified')) throw new Error(`OpenOCD: ${JSON.stringify(answers)}`);
  });
  return [
    {
      ...{ name: 'flash write, 1 MiB to F427 through OpenOCD', value: ours.seconds, unit: 's' },
      ...{ ratio: ours.seconds / peer.seconds, aim: 1, limit: 1.02 },
      note: `the chip's time, most of it OpenOCD's loader at 16 MHz; peer: OpenOCD's write_image and verify_image, ${peer.seconds.toFixed(1)} s`,
    },
    {
      ...{
        name: 'flash write, 1 MiB to F427 through OpenOCD, over the probe',
        value: ours.bytes / 1024,
        unit: 'KiB',
      },
      ...{ ratio: ours.bytes / peer.bytes, aim: 1, limit: 1.05 },
      note: `both directions, commands too; peer: ${(peer.bytes / 1024).toFixed(0)} KiB`,
    },
  ];
}

export async function flashRows(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-flash-bench-'));
  const keep = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  try {
    const image = imageOf(mebibyte);
    const file = keep('image.bin', image);
    return [
      ...(hasTool('stm32flash', undefined, ['-h']) ? [await uartRow(file, image)] : []),
      ...(hasTool('dfu-util') && hasTool('gcc') ? await usbRows(image) : []),
      ...(hasTool('openocd') ? await probeRows(file, image) : []),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

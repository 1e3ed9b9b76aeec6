// A download by the real dfu-util to one virtual chip, timed: against the real-time clock, where erases and programs take as
// long as the catalogue says and the polls that the bootloader announces are waited for, or with the clock running freely.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChipUsbPort,
  createVirtualChip,
  RealTimePacer,
  romBootloader,
  serveUsbip,
  type UsbAnswer,
  unpaced,
} from '@firmseal/virtual-stm32';
import { buildDfuShim, dfuShimEnvironment } from '../tools/dfu-shim/build.ts';

export interface DownloadOptions {
  readonly chip: string;
  readonly address: number;
  readonly sizeBytes: number;
  readonly clock: 'real' | 'free';
}

export interface Download {
  /** From the first DFU_DNLOAD to the last answer, of this machine: not dfu-util's start and its look at the bus. */
  readonly wallMs: number;
  /** What the flash needed, of the chip's clock. */
  readonly flashMs: number;
  /** Flash and announced polls: of each operation the longer of the two. */
  readonly expectedMs: number;
}

const download = 1;
const getStatus = 3;

/** Adds up what a host must wait for, from the status answers that it gets. */
class Waits {
  #waitMs = 0;
  #pollMs = 0;
  #operationMs = 0;

  /** After a transfer that took so long by the chip's clock. */
  note(request: number, answer: UsbAnswer, tookMs: number): void {
    if (tookMs > 0) {
      this.#settle();
      this.#operationMs = tookMs;
    }
    if (request === getStatus && answer !== undefined)
      this.#pollMs = Math.max(this.#pollMs, answer[1]! | (answer[2]! << 8) | (answer[3]! << 16));
  }

  #settle(): void {
    this.#waitMs += Math.max(this.#operationMs, this.#pollMs);
    this.#operationMs = 0;
    this.#pollMs = 0;
  }

  get totalMs(): number {
    this.#settle();
    return this.#waitMs;
  }
}

const run = (args: readonly string[], environment: Record<string, string>): Promise<void> =>
  new Promise((resolve, reject) =>
    execFile(
      'dfu-util',
      args,
      { env: { ...process.env, ...environment }, timeout: 120_000 },
      (error, out, err) =>
        out.includes('File downloaded successfully')
          ? resolve()
          : reject(new Error(`dfu-util: ${error?.message ?? ''} ${err}`)),
    ),
  );

/** Needs dfu-util and gcc. Throws when the chip does not hold the bytes afterwards. */
export async function timeDfuDownload({
  chip: id,
  address,
  sizeBytes,
  clock,
}: DownloadOptions): Promise<Download> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-download-'));
  const chip = createVirtualChip({ chip: id, seed: 'download', executors: [romBootloader()] });
  chip.setPin('boot0', true);
  chip.powerOn();
  const port = new ChipUsbPort(chip, clock === 'real' ? new RealTimePacer(chip.clock.nowUs) : unpaced);
  const waits = new Waits();
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0];
  const watched = new WeakMap<object, typeof port.device>();
  const server = await serveUsbip(
    [
      {
        busId: '1-1',
        get device() {
          const { device } = port;
          if (device === undefined) return undefined;
          const known = watched.get(device) ?? {
            ...device,
            control: async (setup, data, answered) => {
              if (setup.request === download) firstMs = Math.min(firstMs, performance.now());
              const beforeUs = chip.clock.nowUs;
              const waiting = device.control(setup, data, answered);
              const tookMs = (chip.clock.nowUs - beforeUs) / 1000;
              const answer = await waiting;
              waits.note(setup.request, answer, tookMs);
              lastMs = performance.now();
              return answer;
            },
          };
          watched.set(device, known);
          return known;
        },
      },
    ],
    { port: 0 },
  );
  try {
    const image = Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31) >>> 5);
    writeFileSync(join(folder, 'image.bin'), image);
    const environment = dfuShimEnvironment(buildDfuShim(folder), (server.address() as AddressInfo).port);
    const { USBIP_SHIM_NO_SLEEP: _, ...sleeping } = environment;
    const place = `0x${address.toString(16).padStart(8, '0')}`;
    const args = ['-a', '0', '-s', place, '-D', join(folder, 'image.bin')];
    await run(args, clock === 'real' ? sleeping : environment);
    if (!Buffer.from(chip.judge.flash(address, sizeBytes)).equals(image))
      throw new Error('the chip holds other bytes');
    return {
      ...{ wallMs: lastMs - firstMs, flashMs: chip.clock.nowUs / 1000 },
      expectedMs: waits.totalMs,
    };
  } finally {
    port.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

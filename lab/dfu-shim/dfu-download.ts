// A download by the real dfu-util to one virtual chip, timed: against the real-time clock, where erases and
// programs take as long as the catalogue says and the polls that the bootloader announces are waited for, or
// with the clock running freely. dfu-util runs here with its libusb replaced by lab/dfu-shim, or unmodified
// on the USB of the kernel in lab/usb-vm.

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
  type UsbDevice,
  unpaced,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import type { Guest } from '../usb-vm/guest.ts';
import { runInGuest } from '../usb-vm/run-in-guest.ts';
import { buildDfuShim, dfuShimEnvironment } from './build.ts';

export interface DownloadOptions {
  readonly chip: string;
  readonly address: number;
  readonly sizeBytes: number;
  readonly clock: 'real' | 'free';
  /** Where dfu-util runs unmodified; absent: on this machine, by way of lab/dfu-shim. */
  readonly guest?: Guest;
}

export interface Download {
  /**
   * From the first DFU_DNLOAD to the last answer, of this machine: not dfu-util's
   * start and its look at the bus.
   */
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

/**
 * What is on the bus, with a clock beside it: when the first download came, when the last
 * answer went, what was waited for.
 */
export class WatchedPort {
  readonly waits = new Waits();
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;
  /** Control transfers. */
  transfers = 0;
  readonly #chip: VirtualChip;
  readonly #port: ChipUsbPort;
  readonly #watched = new WeakMap<UsbDevice, UsbDevice>();

  constructor(chip: VirtualChip, port: ChipUsbPort) {
    this.#chip = chip;
    this.#port = port;
  }

  readonly busId = '1-1';

  get device(): UsbDevice | undefined {
    const { device } = this.#port;
    if (device === undefined) return undefined;
    const known = this.#watched.get(device) ?? { ...device, control: this.#control(device) };
    this.#watched.set(device, known);
    return known;
  }

  #control(device: UsbDevice): UsbDevice['control'] {
    return async (setup, data, answered) => {
      this.transfers++;
      if (setup.request === download) this.firstMs = Math.min(this.firstMs, performance.now());
      const beforeUs = this.#chip.clock.nowUs;
      const waiting = device.control(setup, data, answered);
      const tookMs = (this.#chip.clock.nowUs - beforeUs) / 1000;
      const answer = await waiting;
      this.waits.note(setup.request, answer, tookMs);
      this.lastMs = performance.now();
      return answer;
    };
  }
}

const success = 'File downloaded successfully';
const timeoutMs = 300_000;

/** dfu-util here, its libusb speaking USB/IP to this process. */
export async function runByShim(
  port: WatchedPort,
  place: string,
  image: Uint8Array,
  sleeps: boolean,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-download-'));
  const server = await serveUsbip([port], { port: 0 });
  try {
    writeFileSync(join(folder, 'image.bin'), image);
    const environment = dfuShimEnvironment(buildDfuShim(folder), (server.address() as AddressInfo).port);
    const { USBIP_SHIM_NO_SLEEP: _, ...sleeping } = environment;
    const args = ['-a', '0', '-s', place, '-D', join(folder, 'image.bin')];
    const options = { env: { ...process.env, ...(sleeps ? sleeping : environment) }, timeout: timeoutMs };
    await new Promise<void>((resolve, reject) =>
      execFile('dfu-util', args, options, (error, out, err) =>
        out.includes(success) ? resolve() : reject(new Error(`dfu-util: ${error?.message ?? ''} ${err}`)),
      ),
    );
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/**
 * dfu-util as it is, on a device that a Linux kernel enumerated. It waits as long as the
 * polls say, whatever the clock.
 */
async function runInVm(guest: Guest, port: WatchedPort, place: string, image: Uint8Array): Promise<void> {
  const script = `dfu-util -a 0 -s ${place} -D image.bin`;
  const files = { 'image.bin': image };
  const { output } = await runInGuest({ guest, devices: [port], script, files, timeoutMs });
  if (!output.includes(success)) throw new Error(`dfu-util: ${output.slice(-800)}`);
}

/** Needs dfu-util and gcc, or the guest. Throws when the chip does not hold the bytes afterwards. */
export async function timeDfuDownload({
  chip: id,
  address,
  sizeBytes,
  clock,
  guest,
}: DownloadOptions): Promise<Download> {
  const chip = createVirtualChip({ chip: id, seed: 'download', executors: [romBootloader()] });
  chip.setPin('boot0', true);
  chip.powerOn();
  const connector = new ChipUsbPort(chip, clock === 'real' ? new RealTimePacer(chip.clock.nowUs) : unpaced);
  const port = new WatchedPort(chip, connector);
  const image = Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31) >>> 5);
  const place = `0x${address.toString(16).padStart(8, '0')}`;
  try {
    if (guest === undefined) await runByShim(port, place, image, clock === 'real');
    else await runInVm(guest, port, place, image);
    if (!Buffer.from(chip.judge.flash(address, sizeBytes)).equals(image))
      throw new Error('the chip holds other bytes');
    return {
      ...{ wallMs: port.lastMs - port.firstMs, flashMs: chip.clock.nowUs / 1000 },
      expectedMs: port.waits.totalMs,
    };
  } finally {
    connector.close();
  }
}

// Runs a shell script in a virtual machine that has virtual USB devices plugged in: Debian's kernel finds
// them, unmodified programs use them. The devices are served by USB/IP in this process; each has a
// connection of its own into the guest.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveUsbip, type UsbipPort } from '@firmseal/virtual-stm32';
import { type ArchiveEntry, cpioArchive } from './cpio-archive.ts';
import type { Guest } from './guest.ts';

export interface GuestJob {
  readonly guest: Guest;
  /**
   * At most eight, the ports of the kernel's virtual hub. Plugged in before the script starts, in this order:
   * devices of this process, or those of a USB/IP server on a port of this machine, by their bus ids.
   */
  readonly devices: readonly UsbipPort[] | ServedDevices;
  /** For busybox's sh; starts in the folder of `files`. */
  readonly script: string;
  /** By name, without folders. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** For the whole life of the machine, which starts in about 3 s. */
  readonly timeoutMs: number;
  /**
   * Shares the file system of this machine, read-only: `sh host-root.sh` mounts it at /r. Takes more memory.
   */
  readonly hostFiles?: true;
  /** Default: 256, and 768 with the files of this machine. */
  readonly memoryMiB?: number;
}

interface ServedDevices {
  readonly serverPort: number;
  readonly busIds: readonly string[];
}

export interface GuestResult {
  /** What the script printed, both streams. */
  readonly output: string;
  /** The script's. */
  readonly exitCode: number;
}

const mostDevices = 8;
const firstPort = 3240;
const defaultMiB = { alone: 256, withHostFiles: 768 } as const;
const hostRoot = join(import.meta.dirname, 'host-root.sh');

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const busIdsOf = (devices: GuestJob['devices']): readonly string[] =>
  'busIds' in devices ? devices.busIds : devices.map(({ busId }) => busId);

/** What this run adds to the guest's file system. */
function jobArchive({ devices, script, files = {}, hostFiles }: GuestJob, mark: string): Uint8Array {
  const file = (path: string, content: Uint8Array): ArchiveEntry => ({ path, content: { file: content } });
  return cpioArchive([
    { path: 'job', content: { folder: true } },
    { path: 'job/files', content: { folder: true } },
    file('job/mark', bytesOf(mark)),
    file(
      'job/devices',
      bytesOf(
        busIdsOf(devices)
          .map((busId) => `${busId}\n`)
          .join(''),
      ),
    ),
    file('job/script.sh', bytesOf(script)),
    ...Object.entries(files).map(([name, content]) => file(`job/files/${name}`, content)),
    ...(hostFiles ? [file('job/files/host-root.sh', readFileSync(hostRoot))] : []),
  ]);
}

/**
 * A PC with nothing but a serial line and a network card that leads to the devices.
 * Emulated, so that it runs anywhere.
 */
function machineArguments(options: {
  kernel: string;
  initrd: string;
  /** Where QEMU connects: options of its character device. */
  server: string;
  count: number;
  hostFiles: boolean;
  memoryMiB: number;
}): string[] {
  const { kernel, initrd, server, count, hostFiles, memoryMiB } = options;
  const share = ['-fsdev', 'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap'];
  const numbers = Array.from({ length: count }, (_, index) => index);
  // A unix socket for each device: what QEMU connects itself answers at once, a TCP forward 44 ms later.
  const forwards = numbers.map((n) => `,guestfwd=tcp:10.0.2.100:${firstPort + n}-chardev:usb${n}`).join('');
  return [
    ...['-machine', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1'],
    ...['-m', String(memoryMiB), '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', kernel, '-initrd', initrd],
    ...[
      '-append',
      'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off tsc=reliable no_timer_check audit=0',
    ],
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'],
    ...numbers.flatMap((n) => ['-chardev', `socket,id=usb${n},${server}`]),
    ...['-netdev', `user,id=net,restrict=on${forwards}`, '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...(hostFiles ? [...share, '-device', 'virtio-9p-pci,fsdev=host,mount_tag=host'] : []),
  ];
}

interface Ended {
  readonly printed: string;
  readonly timedOut: boolean;
}

/**
 * Until the machine ends, or prints a line that matches `last`: its kernel waits for ever to power off when a
 * device no longer answers a reset.
 */
function runMachine(args: readonly string[], timeoutMs: number, last: RegExp): Promise<Ended> {
  const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      printed += text;
      if (last.test(printed)) child.kill('SIGKILL');
    });
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new Error('qemu-system-x86_64 did not start: apt-get install qemu-system-x86', { cause }));
    });
    child.on('close', () => {
      clearTimeout(timer);
      resolve({ printed, timedOut });
    });
  });
}

/** What `end` of guest-init.sh prints, the script's exit code in it or a fault. */
const lastLine = (mark: string): RegExp => new RegExp(`${mark} (?:exit (\\d+)|fault (.*))\\r?\\n`);

/** Throws with the last lines of the guest when it did not come to the script's end. */
function resultOf({ printed, timedOut }: Ended, mark: string, timeoutMs: number): GuestResult {
  const text = printed.replaceAll('\r\n', '\n');
  const begin = text.indexOf(`${mark} begin\n`);
  const end = lastLine(mark).exec(text);
  const [, exitCode, fault] = end ?? [];
  if (begin >= 0 && end !== null && exitCode !== undefined)
    return { output: text.slice(begin + mark.length + 7, end.index), exitCode: Number(exitCode) };
  const reason = fault ?? (timedOut ? `it was not done after ${timeoutMs} ms` : 'it ended by itself');
  throw new Error(`the guest did not finish its script: ${reason}\n${text.slice(-2000)}`);
}

/**
 * Starts the machine, plugs the devices in, runs the script and stops. To the guest, a device that
 * leaves the bus by itself is one that no longer answers. Throws when the script did not come to its end.
 */
export async function runInGuest(job: GuestJob): Promise<GuestResult> {
  const { guest, devices, timeoutMs } = job;
  const count = busIdsOf(devices).length;
  if (count > mostDevices) throw new Error(`${count} devices, and the hub has 8 ports`);
  const mark = `guest-${randomBytes(8).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-usb-vm-'));
  const initrd = join(folder, 'initrd');
  writeFileSync(initrd, Buffer.concat([readFileSync(guest.fileSystem), jobArchive(job, mark)]));
  // QEMU connects while it starts, so the server is there first.
  const path = join(folder, 'usbip');
  const own = 'busIds' in devices ? undefined : await serveUsbip(devices, { path });
  const server =
    'busIds' in devices ? `host=127.0.0.1,port=${devices.serverPort},nodelay=on` : `path=${path}`;
  try {
    const hostFiles = job.hostFiles === true;
    const memoryMiB = job.memoryMiB ?? (hostFiles ? defaultMiB.withHostFiles : defaultMiB.alone);
    const args = machineArguments({
      ...{ kernel: guest.kernelImage, initrd, server, count, hostFiles, memoryMiB },
    });
    return resultOf(await runMachine(args, timeoutMs, lastLine(mark)), mark, timeoutMs);
  } finally {
    own?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

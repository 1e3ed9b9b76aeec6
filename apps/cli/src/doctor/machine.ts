// What the checks ask of the machine, as one seam: tests put in the facts of machines that they do not have.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readlinkSync, statSync } from 'node:fs';
import { askHealth, type Health } from '@firmseal/authority-client';
import { readBoundedFile } from '@firmseal/files';
import type { ListedSerialPort } from '@firmseal/serial-adapter';
import { listSerial } from '@firmseal/serial-adapter';
import { type ListedUsbDevice, listUsb } from '@firmseal/usb-adapter';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly nodeVersion: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Text of a small file, without white space at its ends; undefined where it cannot be read. */
  read(path: string): string | undefined;
  /** Names in a folder; empty where the folder does not exist. */
  names(path: string): readonly string[];
  /** Where a link leads; undefined for a file that is no link, and for a link that may not be read. */
  link(path: string): string | undefined;
  /** Whether this user may read and write the file; undefined where it is not there. */
  mayUse(path: string): boolean | undefined;
  /** Standard output and error of a program; undefined where it could not be started. */
  run(program: string, words: readonly string[]): string | undefined;
  /** Throws the faults of the adapters: a library that is missing, a machine without a bus. */
  usb(): Promise<readonly ListedUsbDevice[]>;
  serial(): Promise<readonly ListedSerialPort[]>;
  /** Rejects where nobody answers. */
  health(address: string): Promise<Health>;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function mayUse(path: string): boolean | undefined {
  if (attempt(() => statSync(path)) === undefined) return undefined;
  return attempt(() => accessSync(path, constants.R_OK | constants.W_OK) === undefined) === true;
}

/** The machine that this runs on. */
export const thisMachine = (environment: Machine['environment']): Machine => ({
  platform: process.platform,
  nodeVersion: process.versions.node,
  environment,
  now: () => new Date(),
  read: (path) => attempt(() => new TextDecoder().decode(readBoundedFile(path, 64 * 1024)).trim()),
  names: (path) => attempt(() => readdirSync(path)) ?? [],
  link: (path) => attempt(() => readlinkSync(path)),
  mayUse,
  run(program, words) {
    const { error, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', timeout: 10_000 });
    return error === undefined ? `${stdout}${stderr}` : undefined;
  },
  usb: () => listUsb(),
  serial: () => listSerial(),
  health: askHealth,
});

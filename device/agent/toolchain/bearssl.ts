// The BearSSL sources, a source package of Debian that is held to the SHA-256 in port/bearssl/sources.json,
// which also lists the files that are compiled. Nothing of it is in the tree.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cache.ts';
import { type DebianSource, debianSourceFolder, debianSourceMissing } from './debian-source.ts';

type Sources = DebianSource & {
  common: string[];
  m15: string[];
  m31: string[];
  /**
   * Files of the record path and the flags that make them fast, found by trying; all others are made small.
   */
  fast: Record<Arithmetic, Record<string, string[]>>;
};

/** Which of BearSSL's arithmetics: 15-bit limbs for cores with a 32-bit multiplier, else 31-bit limbs. */
export type Arithmetic = 'm15' | 'm31';

export const bearssl = JSON.parse(
  readFileSync(join(root, 'device/agent/port/bearssl/sources.json'), 'utf8'),
) as Sources;

/** The files to compile, relative to the folder of the sources. */
export const bearsslSources = (arithmetic: Arithmetic): string[] => [
  ...bearssl.common,
  ...bearssl[arithmetic],
];

/** What a file is compiled with beyond the flags of the build; the last -O counts. */
export const bearsslFlags = (arithmetic: Arithmetic, source: string): string[] =>
  bearssl.fast[arithmetic][source] ?? [];

/** The folder of the unpacked sources; throws as debianSourceFolder does. */
export const bearsslFolder = (): string => debianSourceFolder(bearssl);

/** Why the sources cannot be had on this machine; undefined when they can. */
export const bearsslMissing = (): string | undefined => debianSourceMissing(bearssl);

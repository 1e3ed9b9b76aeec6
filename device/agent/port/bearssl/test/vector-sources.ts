// Where the published vectors come from: vector-sources.json, two source packages of Debian.

import { readFileSync } from 'node:fs';
import type { DebianSource } from '../../../toolchain/debian-source.ts';

export const sources = JSON.parse(
  readFileSync(new URL('vector-sources.json', import.meta.url), 'utf8'),
) as Record<'wycheproof' | 'hpke', DebianSource>;

/** Order of the group P-256 (SEC 2, section 2.4.2). */
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

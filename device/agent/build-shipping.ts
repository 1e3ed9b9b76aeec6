// Builds the agents that ship, each with its anchor, and the adopters: machine code for every chip that has a
// port, as Intel HEX in device/agent/build, where the packed command and any programmer take them from. What
// went in is pinned (compiler flags, BearSSL's source by hash, generated headers), so two builds by one
// compiler are equal byte for byte (`npm run lab -- reproducible`).

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChip } from '@firmseal/chips';
import { intelHexLines, readImage } from '@firmseal/image';
import { adopterChips, buildAdopter } from './toolchain/adopter.ts';
import { root } from './toolchain/cache.ts';
import { shippedSegments } from './toolchain/shipped-image.ts';
import { portedChips, targetOf } from './toolchain/targets.ts';
import { buildAgent } from './toolchain/thumb.ts';

/** Anchor and agent of a chip as the text of an Intel HEX file. */
function shippingHex(chipId: string): string {
  const { elf } = buildAgent(targetOf(chipId));
  return [...intelHexLines(shippedSegments(elf, findChip(chipId)))].join('');
}

function write(name: string, text: string): string {
  const path = join(root, 'device/agent/build', name);
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, text);
  renameSync(draft, path);
  return path;
}

/** The adopter of a chip, as it stands in flash before its plan; its addresses are those of RAM. */
const adopterHex = (chipId: string): string =>
  [...intelHexLines(readImage(readFileSync(buildAdopter(chipId))).segments)].join('');

/**
 * Writes device/agent/build/agent-CHIP.hex for each ported chip, adopters beside; gives names and digests
 * of the agents. `begins` is told of each chip before its compilation, which takes seconds to minutes.
 * `only`: chips that a test needs, instead of all.
 */
export function buildShipping({
  begins = () => undefined,
  only = portedChips(),
}: {
  begins?: (chipId: string, number: number, count: number) => void;
  only?: readonly string[];
} = {}): { chipId: string; path: string; sha256: string }[] {
  mkdirSync(join(root, 'device/agent/build'), { recursive: true });
  for (const chipId of adopterChips().filter((id) => only.includes(id)))
    write(`adopter-${chipId}.hex`, adopterHex(chipId));
  return only.map((chipId, index, { length }) => {
    begins(chipId, index + 1, length);
    const text = shippingHex(chipId);
    const path = write(`agent-${chipId}.hex`, text);
    return { chipId, path, sha256: createHash('sha256').update(text).digest('hex') };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { chipId, sha256 } of buildShipping()) console.log(`agent-${chipId}.hex ${sha256}`);

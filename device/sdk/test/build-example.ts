// Builds the kit's examples for a chip, by CMake as its users do, and makes of them what is sealed. What was
// built is kept by the hash of the kit, the settings and the programs that build.

import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Chip, findChip } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import type { SealArea } from '@firmseal/seal';
import { runTool, toolVersion } from '../../../tools/toolchain.ts';
import { cached, hashOf } from '../../agent/toolchain/cache.ts';

const kit = fileURLToPath(new URL('../', import.meta.url));

/** Copies the kit as a user has it, away from this tree; returns the copy. */
export function copyKit(folder: string): string {
  const copy = join(folder, 'kit');
  cpSync(kit, copy, { recursive: true });
  return copy;
}

export interface ExampleAt {
  readonly chipId: string;
  /** Name of the catalogue's slot that it is linked for. */
  readonly slot: string;
  readonly version: string;
}

/** The folder of what CMake builds of an example of the kit. `copy`: the kit. */
export function builtOfKit(
  copy: string,
  example: string,
  settings: Readonly<Record<string, string>>,
): string {
  const files = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const texts = files.flatMap((path) => [relative(copy, path), readFileSync(path)]);
  const tools = ['cmake', 'arm-none-eabi-gcc'].map(toolVersion);
  const hash = hashOf(...tools, JSON.stringify(settings), ...texts);
  return cached(`kit-${example}-${hash.slice(0, 24)}`, (build) => {
    const defined = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);
    const toolchain = `-DCMAKE_TOOLCHAIN_FILE=${join(copy, 'cmake/arm-none-eabi.cmake')}`;
    const source = join(copy, 'examples', example);
    runTool('cmake', ['-G', 'Unix Makefiles', '-S', source, '-B', build, toolchain, ...defined], build);
    runTool('cmake', ['--build', build], build);
  });
}

/** The example's program as an area of a package. `copy`: the kit. */
export function buildExample(copy: string, { chipId, slot: name, version }: ExampleAt): SealArea {
  const settings = { FIRMSEAL_CHIP: chipId, SLOT: name, EXAMPLE_VERSION: version };
  const build = builtOfKit(copy, 'bare-metal', settings);
  const chip: Chip = findChip(chipId);
  const slot = chip.layout.slots.find((one) => one.name === name)!;
  const { segments } = readImage(readFileSync(join(build, 'example.elf')));
  const last = segments.at(-1)!;
  const lengthBytes = Math.ceil((last.address + last.bytes.length - slot.linkStart) / 32) * 32;
  const plaintext = new Uint8Array(lengthBytes).fill(0xff);
  for (const { address, bytes } of segments) plaintext.set(bytes, address - slot.linkStart);
  return { area: { kind: 'firmware', address: slot.storeStart, lengthBytes }, plaintext };
}

// Builds the kit's example for a chip, by CMake as its users do, and makes of it what is sealed.

import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Chip, findChip } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import type { SealArea } from '@firmseal/seal';
import { runTool } from '../../../tools/toolchain.ts';

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

/** The example's program as an area of a package. `copy`: the kit; everything built lies beside it. */
export function buildExample(copy: string, { chipId, slot: name, version }: ExampleAt): SealArea {
  const build = join(copy, '..', `${chipId}-${name}-${version}`);
  mkdirSync(build, { recursive: true });
  const settings = { FIRMSEAL_CHIP: chipId, SLOT: name, EXAMPLE_VERSION: version };
  const defined = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);
  const toolchain = `-DCMAKE_TOOLCHAIN_FILE=${join(copy, 'cmake/arm-none-eabi.cmake')}`;
  runTool(
    'cmake',
    ['-G', 'Unix Makefiles', '-S', join(copy, 'examples/bare-metal'), '-B', build, toolchain, ...defined],
    build,
  );
  runTool('cmake', ['--build', build], build);
  const chip: Chip = findChip(chipId);
  const slot = chip.layout.slots.find((one) => one.name === name)!;
  const { segments } = readImage(readFileSync(join(build, 'example.elf')));
  const last = segments.at(-1)!;
  const lengthBytes = Math.ceil((last.address + last.bytes.length - slot.linkStart) / 32) * 32;
  const plaintext = new Uint8Array(lengthBytes).fill(0xff);
  for (const { address, bytes } of segments) plaintext.set(bytes, address - slot.linkStart);
  return { area: { kind: 'firmware', address: slot.storeStart, lengthBytes }, plaintext };
}

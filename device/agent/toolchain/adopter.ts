// The adopter (device/agent/adopter): machine code that takes a chip over from somebody's bootloader. It is
// built of the anchor's port, linked for RAM, and shipped as it stands in flash before its plan.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adoptableByUpdate, type Chip, findChip } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { root } from './cache.ts';
import { compileOurs, link } from './compile.ts';
import { stackDepth } from './stack-depth.ts';
import { anchorTargetOf, portedChips, portFolders } from './targets.ts';
import { bareMetal, thumbCompiler } from './thumb.ts';

const agent = join(root, 'device/agent');

/** Chips whose adopter is in the tree. */
export const adopterChips = (): string[] => portedChips().filter((id) => adoptableByUpdate(findChip(id)));

const shared = [
  ...['port/cortex-m/fault.c', 'port/cortex-m/memory.c', 'port/stm32-anchor/settings.c'],
  ...['built_in', 'chip', 'supply', 'watchdog'].map((name) => `port/stm32/${name}.c`),
  ...['fs_bytes', 'fs_chip_facts', 'fs_flash'].map((name) => `core/${name}.c`),
  ...['adopter/start.S', 'adopter/fs_adopter.c'],
];

/** Of the chip's own port: flash and option bytes, and what RAM and faults need. */
function ownSources(id: string): string[] {
  const folders = portFolders(id);
  const own = folders.flatMap((folder) => ['flash', 'clock'].map((name) => `port/${folder}/${name}.c`));
  return [...own.filter((name) => existsSync(join(agent, name))), `adopter/${folders[0]}/settle.c`];
}

function linkerScript({ ram }: Chip, stackBytes: number): string {
  const { addressStart, length } = ram[0]!;
  return [
    `MEMORY { RAM : ORIGIN = 0x${addressStart.toString(16)}, LENGTH = ${length} }`,
    `fs_stack_bytes = ${stackBytes};`,
    readFileSync(join(agent, 'adopter/adopter.ld'), 'utf8'),
  ].join('\n');
}

/** What the hardware pushes at a fault, and what its handler takes, and some more. */
const faultBytes = 256;

/** Builds through the cache; returns the executable. Throws with the tool's words. */
export function buildAdopter(id: string): string {
  const { chip, cpu, includes } = anchorTargetOf(id);
  const compiler = thumbCompiler(cpu);
  const sources = [...shared, ...ownSources(id)].map((name) => join(agent, name));
  const objects = compileOurs(compiler, sources, [...includes, join(agent, 'adopter')], []);
  const graphs = objects.map(({ callGraph }) => callGraph).filter((path) => path !== '');
  const stack = stackDepth(graphs, 'fs_adopter_main', { indirect: {}, libraryFrames: {} });
  const name = `adopter-${id}`;
  const script = linkerScript(chip, Math.ceil((stack.bytes + faultBytes) / 64) * 64);
  return join(link(compiler, objects, { name, flags: bareMetal, script }), name);
}

/** The bytes as they stand in flash, with a table that names no address yet. */
export function adopterCode(id: string): Uint8Array<ArrayBuffer> {
  const { segments } = readImage(readFileSync(buildAdopter(id)));
  if (segments.length !== 1) throw new Error(`the adopter of ${id} has ${segments.length} pieces`);
  return segments[0]!.bytes;
}

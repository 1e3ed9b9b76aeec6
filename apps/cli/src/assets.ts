// Where the files lie that the command needs at run time: the agent's modules, example firmware. In the
// source tree they stand where they were made; in the bundle (tools/pack) they are copied to assets/
// under the same names; a single executable holds them in itself, under the same names again. A name is the
// file's path from the project's root and must match assetFolders, or neither would hold it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sea from 'node:sea';
import { fileURLToPath } from 'node:url';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** What the bundle takes along: every file under the folder with one of the endings. */
export const assetFolders: readonly { folder: string; endings: readonly string[] }[] = [
  { folder: 'device/agent/build', endings: ['.wasm', '.hex'] },
  { folder: 'apps/cli/assets', endings: [''] },
  { folder: 'apps/updater/dist', endings: ['.js', '.txt'] },
  { folder: 'apps/console/dist', endings: ['.html', '.js', '.css', '.svg', '.txt'] },
  { folder: 'examples', endings: ['.elf'] },
  { folder: 'device/sdk', endings: ['.h', '.c', '.ld', '.cmake', '.txt', '.md', '.yml', '/LICENSE'] },
];

/** Set to true by the bundler; in the source tree there is no such name. */
declare const FIRMSEAL_BUNDLED: true | undefined;

const isBundled = typeof FIRMSEAL_BUNDLED !== 'undefined';
const isExecutable = sea.isSea();

const pathOf = (name: string): string =>
  fileURLToPath(new URL(name, new URL(isBundled ? './assets/' : '../../../', import.meta.url)));

/** Whether a file of this name is taken along into the bundle. */
export function isAssetName(name: string): boolean {
  if (name.split('/').includes('..')) return false;
  return assetFolders.some(
    ({ folder, endings }) => name.startsWith(`${folder}/`) && endings.some((ending) => name.endsWith(ending)),
  );
}

/** Whether this installation has the asset. */
export function hasAsset(name: string): boolean {
  if (!isAssetName(name)) return false;
  return isExecutable ? sea.getAssetKeys().includes(name) : existsSync(pathOf(name));
}

/** Names of the assets in a folder of the bundle, without those below it; none where it is not there. */
export function assetsIn(folder: string): string[] {
  const isDirect = (name: string) =>
    name.startsWith(`${folder}/`) && !name.slice(folder.length + 1).includes('/');
  if (isExecutable) return sea.getAssetKeys().filter(isDirect).sort();
  const path = pathOf(folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .map((name) => `${folder}/${name}`)
    .filter(isAssetName)
    .sort();
}

/** Names of the assets in a folder of the bundle and in those below it. */
export function assetsBelow(folder: string): string[] {
  if (isExecutable) return sea.getAssetKeys().filter((name) => name.startsWith(`${folder}/`));
  const path = pathOf(folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${folder}${join(entry.parentPath, entry.name).slice(path.length).replaceAll('\\', '/')}`)
    .filter(isAssetName)
    .sort();
}

/**
 * The asset's bytes, as an array of the caller's own. Throws `asset-missing` when it is not there, or not one
 * that a bundle holds.
 */
export function readAsset(name: string): Bytes {
  if (!hasAsset(name)) throw new Fault('asset-missing', { name });
  return isExecutable ? new Uint8Array(sea.getAsset(name)) : Uint8Array.from(readFileSync(pathOf(name)));
}

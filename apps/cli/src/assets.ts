// Where the files lie that the command needs at run time: the agent's modules, example firmware. In the
// source tree they stand where they were made; in the bundle (tools/pack) they are copied to assets/
// under the same names. A name is the file's path from the project's root and must match assetFolders,
// or the bundle would not hold it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
];

/** Set to true by the bundler; in the source tree there is no such name. */
declare const FIRMSEAL_BUNDLED: true | undefined;

const isBundled = typeof FIRMSEAL_BUNDLED !== 'undefined';
const assetRoot = new URL(isBundled ? './assets/' : '../../../', import.meta.url);

/** Whether a file of this name is taken along into the bundle. */
export function isAssetName(name: string): boolean {
  if (name.split('/').includes('..')) return false;
  return assetFolders.some(
    ({ folder, endings }) => name.startsWith(`${folder}/`) && endings.some((ending) => name.endsWith(ending)),
  );
}

/** Whether this installation has the asset. */
export const hasAsset = (name: string): boolean =>
  isAssetName(name) && existsSync(fileURLToPath(new URL(name, assetRoot)));

/**
 * Path of an asset on this machine. Throws `asset-missing` when it is not there, or
 * not one that a bundle holds.
 */
export function assetPath(name: string): string {
  const path = fileURLToPath(new URL(name, assetRoot));
  if (!hasAsset(name)) throw new Fault('asset-missing', { name });
  return path;
}

/** Names of the assets in a folder of the bundle, without those below it; none where it is not there. */
export function assetsIn(folder: string): string[] {
  const path = fileURLToPath(new URL(`${folder}/`, assetRoot));
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .map((name) => `${folder}/${name}`)
    .filter(isAssetName)
    .sort();
}

/** The asset's bytes, as an array of the caller's own. Throws as assetPath. */
export function readAsset(name: string): Bytes {
  return Uint8Array.from(readFileSync(assetPath(name)));
}

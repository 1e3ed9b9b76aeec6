// Makes the command one file that runs without Node and without npm: Node's own single executable
// application (https://nodejs.org/api/single-executable-applications.html). The bundle is one CommonJS file
// here; assets and native code lie in the executable. For another platform than this one the code is the
// same, and nothing here can run it.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { assetNames, cliEntry, withoutEval } from './build.mjs';
import { buildElement } from './build-element.ts';
import { type ExecutableTarget, hostTarget, nativePackages } from './native-packages.ts';
import { npmLicenses } from './npm-licenses.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** As Node's page names it: the bytes in Node that say whether a blob was injected. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** The searches of `usb` and `serialport` for their native code, answered by the executable. */
const nativeParts: Plugin = {
  name: 'native-parts',
  setup({ onResolve, onLoad }) {
    const places: [RegExp, string][] = [
      [/^node-gyp-build$/, 'serial.node'],
      [/^@node-usb\/usb-[^/]+$|usb\.[\w-]+\.node$/, 'usb.node'],
    ];
    for (const [filter, path] of places) onResolve({ filter }, () => ({ path, namespace: 'native-part' }));
    const loader = join(root, 'apps/cli/src/native-parts.ts');
    onLoad({ filter: /.*/, namespace: 'native-part' }, ({ path }) => ({
      contents: `const { loadNativePart } = require(${JSON.stringify(loader)});
        module.exports = ${path === 'serial.node' ? `() => loadNativePart('${path}')` : `loadNativePart('${path}')`};`,
      loader: 'js',
      resolveDir: root,
    }));
  },
};

async function bundleOneFile(outfile: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [cliEntry],
    outfile,
    bundle: true,
    minifySyntax: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    metafile: true,
    legalComments: 'none', // whole licences are in the asset THIRD-PARTY-LICENSES.txt
    logLevel: 'warning',
    define: { FIRMSEAL_BUNDLED: 'true', 'import.meta.url': 'firmsealUrl' },
    banner: { js: "const firmsealUrl = require('node:url').pathToFileURL(process.execPath).href;" },
    plugins: [withoutEval, nativeParts],
  });
  return Object.keys(metafile.inputs);
}

/** What a tool says is shown when it fails. */
const quietly = (program: string, ...words: string[]) =>
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });

export interface BuiltExecutable {
  readonly path: string;
  readonly bytes: number;
}

/**
 * `firmseal-<platform>-<arch>` in `destination`. Needs the agents and the element built
 * (tools/set-up), and npm for another platform's Node.
 */
export async function buildExecutable(
  target: ExecutableTarget,
  destination: string,
): Promise<BuiltExecutable> {
  const { node, parts } = nativePackages(target);
  const work = join(root, '.cache/executable', target);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  mkdirSync(destination, { recursive: true });
  const at = (name: string) => join(work, name);

  const element = await buildElement();
  const inputs = await bundleOneFile(at('firmseal.cjs'));
  writeFileSync(at('licenses.txt'), npmLicenses([...new Set([...inputs, ...element.inputs])]));
  const settings = {
    main: at('firmseal.cjs'),
    output: at('blob'),
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // Compiled code fits the Node that made it only.
    useCodeCache: target === hostTarget(),
    // What stands in NODE_OPTIONS of a user's shell is meant for another Node.
    execArgvExtension: 'none',
    assets: {
      ...Object.fromEntries(assetNames().map((name) => [name, join(root, name)])),
      ...parts,
      'THIRD-PARTY-LICENSES.txt': at('licenses.txt'),
      LICENSE: join(root, 'LICENSE'),
    },
  };
  writeFileSync(at('settings.json'), JSON.stringify(settings));
  quietly(process.execPath, '--experimental-sea-config', at('settings.json'));

  const name = `firmseal-${target}${target.startsWith('win32') ? '.exe' : ''}`;
  copyFileSync(node, at(name));
  chmodSync(at(name), 0o755);
  const injection = ['NODE_SEA_BLOB', at('blob'), '--sentinel-fuse', fuse];
  quietly(process.execPath, join(root, 'node_modules/postject/dist/cli.js'), at(name), ...injection);
  const path = join(destination, name);
  renameSync(at(name), path);
  return { path, bytes: statSync(path).size };
}

// Makes of a command's source one folder that runs by itself: bundled JavaScript (type stripping does not
// work inside of node_modules), the launcher, the assets, licences of what was bundled, and a package.json
// without dependencies but the optional ones that bring native code. Makes of that folder a tarball that
// `npm install` takes.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { assetFolders, isAssetName } from '../../apps/cli/src/assets.ts';
import { buildConsole } from './build-console.ts';
import { buildElement } from './build-element.ts';
import { npmLicenses } from './npm-licenses.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const cliEntry = join(root, 'apps/cli/src/main.ts');

/**
 * Packages with native code: npm installs them beside the command where it can, and the command does without.
 */
const optionalDependencies = Object.assign(
  {},
  ...['serial-adapter', 'usb-adapter'].map(
    (name) =>
      JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8')).optionalDependencies,
  ),
);

/**
 * rp2040js asks for a clock through `eval` where there is no `performance`; Node has one. Without it nothing
 * in the command makes code of text but zod, which asks first and does without.
 */
export const withoutEval = {
  name: 'without-eval',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]rp2040js[\\/]dist[\\/]esm[\\/]utils[\\/]time\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace("eval('require')('perf_hooks').performance", 'performance');
      if (contents === text) throw new Error(`${path} has no eval any more: take this step out`);
      return { contents, loader: 'js' };
    }),
};

/** Files that the bundle of `entry` is made of, from the root; written into `folder` where one is given. */
async function bundle(entry, folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir: folder ?? join(root, 'dist'),
    write: folder !== undefined,
    bundle: true,
    splitting: true, // keeps lazily loaded commands apart, so that --help loads little
    format: 'esm',
    platform: 'node',
    target: 'node24',
    metafile: true,
    legalComments: 'none', // whole licences are in THIRD-PARTY-LICENSES.txt
    logLevel: 'warning',
    external: Object.keys(optionalDependencies),
    define: { FIRMSEAL_BUNDLED: 'true' },
    plugins: [withoutEval],
    // CommonJS dependencies call require for Node's own modules.
    banner: {
      js: "import { createRequire as firmsealCreateRequire } from 'node:module'; const require = firmsealCreateRequire(import.meta.url);",
    },
  });
  return Object.keys(metafile.inputs);
}

/** Files that the command is made of, those of the element of update pages too. */
export async function bundledInputs() {
  const { inputs } = await buildElement();
  return [...new Set([...(await bundle(cliEntry)), ...inputs])];
}

/** Names of the assets that this tree has now. */
export function assetNames() {
  return assetFolders.flatMap(({ folder }) =>
    globSync(`${folder}/**/*`, {
      cwd: root,
      withFileTypes: true,
      exclude: ({ name }) => name.includes('node_modules'),
    })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter(isAssetName),
  );
}

function copyAssets(folder) {
  for (const name of assetNames()) {
    mkdirSync(dirname(join(folder, 'assets', name)), { recursive: true });
    cpSync(join(root, name), join(folder, 'assets', name));
  }
}

function writeManifest(folder) {
  const { name, version, license, description } = JSON.parse(
    readFileSync(join(root, 'apps/cli/package.json'), 'utf8'),
  );
  const manifest = {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { firmseal: './firmseal.mjs' },
    engines: { node: '>=24' },
    optionalDependencies,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return `${name}-${version}.tgz`;
}

/** Builds `entry` into `folder`, which is emptied first; returns the name that npm will give the tarball. */
export async function buildBundle({ entry = cliEntry, folder }) {
  if (!existsSync(entry)) throw new Error(`${relative(root, entry)} is not in this tree`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const element = await buildElement();
  const page = await buildConsole();
  const inputs = await bundle(entry, folder);
  writeFileSync(
    join(folder, 'THIRD-PARTY-LICENSES.txt'),
    npmLicenses([...new Set([...inputs, ...element.inputs, ...page.inputs])]),
  );
  cpSync(join(root, 'tools/pack/launcher.mjs'), join(folder, 'firmseal.mjs'));
  chmodSync(join(folder, 'firmseal.mjs'), 0o755);
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  // The root's README links to pages that are not packed.
  cpSync(join(root, 'apps/cli/README.md'), join(folder, 'README.md'));
  copyAssets(folder);
  return writeManifest(folder);
}

/** Packs the built folder into `destination`; returns the tarball's path. */
export function packBundle({ folder, tarball, destination }) {
  const args = [
    'pack',
    folder,
    '--pack-destination',
    destination,
    '--silent',
    '--ignore-scripts',
    '--dry-run=false',
  ];
  execFileSync('npm', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return join(destination, tarball);
}

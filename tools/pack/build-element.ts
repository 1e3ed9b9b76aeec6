// Builds apps/updater/dist/firmseal-update.js: the element <firmseal-update> as one ES module for
// browsers. Run by set-up, by packing and by tests; the file is an asset of the installed
// command, which needs no bundler.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { npmLicenses } from './npm-licenses.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outfile = join(root, 'apps/updater/dist/firmseal-update.js');

/**
 * Remedies of the table of errors speak to owners and lines; the page has its own for people
 * (apps/updater/src/words.ts). Without them the module is a tenth smaller.
 */
const withoutRemedies: Plugin = {
  name: 'without-remedies',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]packages[\\/]fault[\\/]src[\\/]table\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace(/^( {4}remedy: )'(?:[^'\\\n]|\\.)*',$/gm, "$1'',");
      if ((contents.match(/remedy: ''/g)?.length ?? 0) < 100) throw new Error(`${path} has another form now`);
      return { contents, loader: 'ts' };
    });
  },
};

const contentOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** A reader never sees half a file. */
function writeWhole(path: string, text: string): void {
  if (contentOf(path) === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

export interface BuiltElement {
  /** Of the module. */
  readonly path: string;
  /** What it was made of, from the root. */
  readonly inputs: readonly string[];
}

/** The same sources give the same bytes. Beside the module: the licences of the npm packages in it. */
export async function buildElement(): Promise<BuiltElement> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['apps/updater/src/main.ts'],
    outfile,
    write: false,
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox125', 'safari17.4'],
    charset: 'utf8',
    legalComments: 'none', // whole licences stand in the file beside it
    logLevel: 'warning',
    plugins: [withoutRemedies],
  });
  const inputs = Object.keys(metafile.inputs);
  writeWhole(outfile, outputFiles[0]!.text);
  writeWhole(join(dirname(outfile), 'licenses.txt'), npmLicenses(inputs));
  return { path: outfile, inputs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElement();

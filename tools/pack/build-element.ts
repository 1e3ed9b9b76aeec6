// Builds apps/updater/dist/firmseal-update.js: the element <firmseal-update> as one ES module for
// browsers. Run by set-up, by packing and by tests; the file is an asset of the installed
// command, which needs no bundler.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

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

/** Path of the module. The same sources give the same bytes; a reader never sees half a file. */
export async function buildElement(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['apps/updater/src/main.ts'],
    outfile,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox125', 'safari17.4'],
    charset: 'utf8',
    legalComments: 'inline',
    logLevel: 'warning',
    plugins: [withoutRemedies],
  });
  const text = outputFiles[0]!.text;
  if (contentOf(outfile) === text) return outfile;
  mkdirSync(dirname(outfile), { recursive: true });
  const temporary = `${outfile}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, outfile);
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElement();

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

/** Areas of errors (spec/errors) whose programs are not part of the element. */
const areasOfOthers = ['cli', 'keys', 'places', 'remote', 'sfi'] as const;

/** Their codes, but for those that an authority answers with. */
function codesOfOthers(): string[] {
  type Area = { errors: readonly { code: string; http?: number }[]; defaults?: { http?: number } };
  return areasOfOthers.flatMap((name) => {
    const { errors, defaults } = JSON.parse(
      readFileSync(join(root, `spec/errors/${name}.json`), 'utf8'),
    ) as Area;
    return errors.filter(({ http = defaults?.http }) => http === undefined).map(({ code }) => code);
  });
}

/**
 * Remedies of the table of errors speak to owners and lines; the page has its own for people
 * (apps/updater/src/words.ts). Without them, and without errors that nothing here can throw, the module is an
 * eighth smaller.
 */
const smallTable = (dropped: readonly string[]): Plugin => ({
  name: 'small-table',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]packages[\\/]fault[\\/]src[\\/]table\.ts$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8').replace(/^( {4}remedy: )'(?:[^'\\\n]|\\.)*',$/gm, "$1'',");
      const foreign = () => new Error(`${path} has another form now`);
      if ((contents.match(/remedy: ''/g)?.length ?? 0) < 100) throw foreign();
      for (const code of dropped) {
        const start = contents.indexOf(`  '${code}': {\n`);
        if (start < 0) throw foreign();
        contents = contents.slice(0, start) + contents.slice(contents.indexOf('\n  },\n', start) + 6);
      }
      return { contents, loader: 'ts' };
    });
  },
});

/** Throws when the module names an error whose row was left out: whoever threw it would fail there. */
function refuseMissingRows(text: string, dropped: readonly string[]): void {
  const named = dropped.filter((code) =>
    ['"', "'", '`'].some((quote) => text.includes(quote + code + quote)),
  );
  if (named.length > 0) throw new Error(`the element has no rows for ${named.join(', ')}, which it throws`);
}

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
  const dropped = codesOfOthers();
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
    plugins: [smallTable(dropped)],
  });
  const inputs = Object.keys(metafile.inputs);
  refuseMissingRows(outputFiles[0]!.text, dropped);
  writeWhole(outfile, outputFiles[0]!.text);
  writeWhole(join(dirname(outfile), 'licenses.txt'), npmLicenses(inputs));
  return { path: outfile, inputs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElement();

// Builds apps/console/dist: the console as static files, which the command brings along and an authority
// serves. Run by set-up, by packing and by tests. Names of scripts and styles change with their content.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { npmLicenses } from './npm-licenses.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'apps/console/dist');

const page = (script: string, style: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>firmseal</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
<body>
<div id="console"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b57d0"/>' +
  '<path d="M5 7V5.5a3 3 0 0 1 6 0V7h1v6H4V7zm1.6 0h2.8V5.5a1.4 1.4 0 0 0-2.8 0z" fill="#fff"/></svg>\n';

export interface BuiltConsole {
  /** Content of each file, by its name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What they were made of, from the root. */
  readonly inputs: readonly string[];
}

function nameOf(files: ReadonlyMap<string, Uint8Array>, pattern: RegExp): string {
  const found = [...files.keys()].filter((name) => pattern.test(name));
  if (found.length !== 1) throw new Error(`${found.length} files match ${pattern}`);
  return found[0]!;
}

/** A reader never sees half a file; one of an older build goes. */
function writeFolder(files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(folder, { recursive: true });
  const present = new Set(readdirSync(folder));
  for (const [name, content] of files) {
    if (present.delete(name) && Buffer.from(content).equals(readFileSync(join(folder, name)))) continue;
    const temporary = join(folder, `.${name}.${process.pid}`);
    writeFileSync(temporary, content);
    renameSync(temporary, join(folder, name));
  }
  for (const name of present) if (!name.startsWith('.')) rmSync(join(folder, name), { force: true });
}

/**
 * zod would otherwise try to make code of text, which the policy of the page forbids. It looks when the first
 * shape is made, so this stands before everything, in each file.
 */
const withoutEval = '(globalThis.__zod_globalConfig??={}).jitless=true;';

const ownPackages = /[\\/]packages[\\/][a-z0-9-]+[\\/]src[\\/]/;

/**
 * What no page uses is left out: modules of packages have no effect by being imported, and zod comes by its
 * names instead of as one object, which would bring all of it. The console is a third smaller then.
 */
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^(?:@firmseal\/|\.)/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'own' || from.kind === 'entry-point') return undefined;
      const { importer, kind, resolveDir } = from;
      const found = await resolve(path, { importer, kind, resolveDir, pluginData: 'own' });
      return ownPackages.test(found.path) ? { ...found, sideEffects: false } : undefined;
    });
    onLoad({ filter: /[\\/]packages[\\/][a-z0-9-]+[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^import \{ z \} from 'zod';$/m,
        "import * as z from 'zod';",
      ),
      loader: 'ts',
    }));
  },
};

/** The same sources give the same bytes. */
export async function buildConsole(): Promise<BuiltConsole> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { console: 'apps/console/src/main.tsx' },
    outdir: folder,
    write: false,
    bundle: true,
    splitting: true, // what verifies signatures is loaded when a page needs it
    minify: true,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox125', 'safari17.4'],
    jsx: 'automatic',
    banner: { js: withoutEval },
    define: { 'process.env.NODE_ENV': '"production"' },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    charset: 'utf8',
    legalComments: 'none', // whole licences stand in licenses.txt
    logLevel: 'warning',
    plugins: [withoutUnused],
  });
  const inputs = Object.keys(metafile.inputs);
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  const encoder = new TextEncoder();
  const [script, style] = [nameOf(files, /^console-.*\.js$/), nameOf(files, /^console-.*\.css$/)];
  files.set('index.html', encoder.encode(page(script, style)));
  files.set('icon.svg', encoder.encode(icon));
  files.set('licenses.txt', encoder.encode(npmLicenses(inputs)));
  writeFolder(files);
  return { files, inputs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();

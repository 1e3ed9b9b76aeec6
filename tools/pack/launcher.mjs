#!/usr/bin/env node
// What `firmseal` starts when installed from the tarball: refuses a Node that is too old in
// one line, turns on the cache of compiled code, then loads the command. It must itself run on
// any Node that knows ES modules.

import { mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const leastMajor = 24; // node:sqlite without a flag
const exitNodeTooOld = 78; // EX_CONFIG of sysexits.h

function enableCompileCache() {
  // A folder of the user's own. Node's default lies in the shared temporary folder, where another user of the
  // machine could have put code before us.
  try {
    const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    const folder = join(cache, 'firmseal', 'compile');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE || folder);
  } catch {
    // Without a place to write, the command starts some tenths of a second later.
  }
}

if (Number.parseInt(process.versions.node, 10) < leastMajor) {
  process.stderr.write(
    `firmseal needs Node ${leastMajor} or newer and this is ${process.versions.node}: ` +
      `install Node ${leastMajor} (https://nodejs.org), then run the command again.\n`,
  );
  process.exitCode = exitNodeTooOld;
} else {
  enableCompileCache();
  await import('./main.js');
}

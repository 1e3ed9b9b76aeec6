// The stand-in as a process: `node process.ts programmer|flasher WORDS`. The world is the JSON file that
// FIRMSEAL_ST_STAND_IN names; it is written after every line, so that a killed
// process leaves what it had done.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { flasher } from './flasher.ts';
import { programmer } from './programmer.ts';
import type { StandInFiles, World } from './world.ts';

const path = process.env['FIRMSEAL_ST_STAND_IN'];
if (path === undefined) throw new Error('FIRMSEAL_ST_STAND_IN names the file of the world');
const world = JSON.parse(readFileSync(path, 'utf8')) as World;
const files: StandInFiles = {
  read: (file) => (existsSync(file) ? readFileSync(file) : undefined),
  write: (file, bytes) => writeFileSync(file, bytes),
};

function keep(): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(world));
  renameSync(temporary, path!);
}

const [tool, ...words] = process.argv.slice(2);
const lines = (tool === 'flasher' ? flasher : programmer)(world, words, files);
for (let next = lines.next(); ; next = lines.next()) {
  keep();
  if (next.done) {
    process.exitCode = next.value;
    break;
  }
  process.stdout.write(`${next.value}\n`);
}

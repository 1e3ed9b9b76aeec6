// `npm run lab -- reproducible`: builds the agents that ship a second time, from a copy of the tree in
// another folder and with nothing kept from before, and compares the files. Exit code 1 where one differs.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildShipping } from '../../device/agent/build-shipping.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'firmseal-again-'));
let differing = 0;
try {
  for (const folder of ['device', 'packages', 'spec', 'tools', 'package.json'])
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !/\/(node_modules|build)$/.test(path),
    });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const again = spawnSync(process.execPath, [join(copy, 'device/agent/build-shipping.ts')], {
    stdio: ['ignore', 2, 2],
  });
  if (again.status !== 0) throw new Error('the second build failed');
  for (const { chipId, sha256 } of buildShipping()) {
    const other = readFileSync(join(copy, `device/agent/build/agent-${chipId}.hex`));
    const same = createHash('sha256').update(other).digest('hex') === sha256;
    if (!same) differing++;
    console.log(`${same ? 'same     ' : 'DIFFERENT'}  ${chipId}  ${sha256}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = differing === 0 ? 0 : 1;

// `npm run pack`: builds the command into dist/ and packs it, at the project's root, into a tarball.
// `npm run pack -- --executable TARGET`: makes one executable file of it instead, beside the tarball's place.

import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { hasTool } from '../toolchain.ts';
import { buildBundle, packBundle } from './build.mjs';
import { buildExecutable } from './executable.ts';
import { executableTargets } from './native-packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({ options: { executable: { type: 'string' } } });
const target = executableTargets.find((one) => one === values.executable);
if (values.executable !== undefined && target === undefined)
  throw new Error(`--executable takes ${executableTargets.join(', ')}, not ${values.executable}`);

// The agents that chips of silicon run are part of it.
if (hasTool('arm-none-eabi-gcc'))
  buildShipping({
    begins: (chipId, number, count) =>
      process.stderr.write(`pack: agent in machine code for ${chipId}, ${number} of ${count}\n`),
  });
else process.stderr.write('pack: without agents in machine code, for want of arm-none-eabi-gcc\n');

if (target === undefined) {
  const folder = join(root, 'dist');
  const tarball = packBundle({ folder, tarball: await buildBundle({ folder }), destination: root });
  console.log(`${basename(tarball)} (${Math.ceil(statSync(tarball).size / 1024)} KiB)`);
} else {
  const { path, bytes } = await buildExecutable(target, root);
  const untried = target === 'win32-x64' ? '; it was never run on Windows' : '';
  console.log(`${basename(path)} (${Math.ceil(bytes / 2 ** 20)} MiB)${untried}`);
}

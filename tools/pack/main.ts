// `npm run pack`: builds the command into dist/ and packs it, at the project's root, into a tarball.

import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { hasTool } from '../toolchain.ts';
import { buildBundle, packBundle } from './build.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
// The agents that chips of silicon run are part of the tarball.
if (hasTool('arm-none-eabi-gcc')) buildShipping();
else process.stderr.write('pack: without agents in machine code, for want of arm-none-eabi-gcc\n');

const folder = join(root, 'dist');
const tarball = packBundle({ folder, tarball: await buildBundle({ folder }), destination: root });
console.log(`${basename(tarball)} (${Math.ceil(statSync(tarball).size / 1024)} KiB)`);

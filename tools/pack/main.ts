// `npm run pack`: builds the command into dist/ and packs it, at the project's root, into a tarball.

import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle, packBundle } from './build.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'dist');
const tarball = packBundle({ folder, tarball: await buildBundle({ folder }), destination: root });
console.log(`${basename(tarball)} (${Math.ceil(statSync(tarball).size / 1024)} KiB)`);

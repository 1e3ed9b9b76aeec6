// `npm run release -- --out DIR [--key FILE [--passphrase-file FILE]] [--executable TARGET]...`: everything
// that a release consists of, in a new folder: the tarball, single executables, bills of materials,
// SHA256SUMS and, with a key, its signature and a signed statement of provenance. docs/releases.md.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { buildBundle, packBundle } from '../pack/build.mjs';
import { buildExecutable } from '../pack/executable.ts';
import { type ExecutableTarget, executableTargets } from '../pack/native-packages.ts';
import { agentBom, commandBom } from './sbom.ts';
import { checksums, envelope, provenance, readReleaseKey, releaseFile, signBytes } from './sign.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
const say = (text: string) => process.stderr.write(`release: ${text}\n`);

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    key: { type: 'string' },
    'passphrase-file': { type: 'string' },
    executable: { type: 'string', multiple: true },
  },
});
const targets = (values.executable ?? executableTargets) as ExecutableTarget[];
for (const target of targets)
  if (!executableTargets.includes(target) && String(target) !== 'none')
    throw new Error(`--executable takes ${executableTargets.join(', ')} or none, not ${target}`);
if (values.out === undefined) throw new Error('release: --out names the folder, which must not exist yet');
// A wrong key or passphrase is told before minutes of building.
const key = values.key === undefined ? undefined : readReleaseKey(values.key, values['passphrase-file']);
if (git('status', '--porcelain') !== '') throw new Error('release: the tree has changes without a commit');

const out = values.out;
mkdirSync(out);
const commit = git('rev-parse', 'HEAD');
const at = new Date(Number(git('log', '-1', '--format=%ct')) * 1000);
say('agents in machine code');
buildShipping();
say('tarball');
const folder = join(root, 'dist');
packBundle({ folder, tarball: await buildBundle({ folder }), destination: out });
for (const target of targets.filter((one) => executableTargets.includes(one))) {
  say(`executable for ${target}${target === 'win32-x64' ? ', which was never run' : ''}`);
  await buildExecutable(target, out);
}
say('bills of materials');
writeFileSync(join(out, 'firmseal.cdx.json'), await commandBom(at));
writeFileSync(join(out, 'firmseal-agent.cdx.json'), agentBom(at));

const files = readdirSync(out)
  .sort()
  .map((name) => releaseFile(join(out, name)));
writeFileSync(join(out, 'SHA256SUMS'), checksums(files));
if (key === undefined) say('not signed: no --key');
else {
  const bearssl = JSON.parse(readFileSync(join(root, 'device/agent/port/bearssl/sources.json'), 'utf8')) as {
    archive: string;
    sha256: string;
  };
  const statement = provenance(files, {
    ...{ commit, nodeVersion: process.version },
    lockfileSha256: createHash('sha256')
      .update(readFileSync(join(root, 'package-lock.json')))
      .digest('hex'),
    sources: [{ name: bearssl.archive, sha256: bearssl.sha256 }],
  });
  writeFileSync(join(out, 'SHA256SUMS.sig'), signBytes(key, readFileSync(join(out, 'SHA256SUMS'))));
  writeFileSync(join(out, 'provenance.dsse.json'), envelope(key, statement));
  writeFileSync(join(out, 'release-key.pem'), key.publicPem);
}
for (const { name, sha256 } of files) console.log(`${sha256}  ${name}`);

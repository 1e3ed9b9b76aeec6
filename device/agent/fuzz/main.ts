// `npm run fuzz -- [seconds]`: builds the agent's core for this machine with clang's libFuzzer, address and
// undefined-behaviour checks, and runs each target for so many seconds (20 by default) from seeds made of the vectors. What
// was found before stays in .cache/agent/fuzz and is where the next run starts. Ends with 1 when a target crashed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, fromHex } from '@firmseal/bytes';
import { cacheFolder, root } from '../toolchain/cache.ts';
import { compileBearssl, compileOurs, link } from '../toolchain/compile.ts';

const agent = join(root, 'device/agent');
const checks = '-fsanitize=fuzzer,address,undefined';
const compiler = {
  program: 'clang',
  flags: ['-O1', '-g', '-fno-strict-aliasing', '-fno-sanitize-recover=all', checks],
};

function buildTarget(name: string): string {
  const core = readdirSync(join(agent, 'core')).filter((file) => file.endsWith('.c'));
  const sources = [
    ...core.map((file) => join(agent, 'core', file)),
    ...['fuzz_port', name].map((file) => join(agent, 'fuzz', `${file}.c`)),
  ];
  const includes = ['core', 'port/stm32f427', 'port/bearssl', 'fuzz'].map((folder) => join(agent, folder));
  const other = join(agent, 'port/bearssl/other_curves.c');
  const objects = [
    ...compileOurs(compiler, [...sources, other], includes, ['-DFS_BEARSSL_M31']),
    ...compileBearssl(compiler, 'm31'),
  ];
  return join(link(compiler, objects, { name, flags: [] }), name);
}

const hexOf = (file: string): string[] =>
  readFileSync(join(root, 'vectors', file), 'utf8').match(/"(?:[0-9a-f]{2}){8,}"/g) ?? [];
const bytesIn = (file: string): Uint8Array[] => hexOf(file).map((text) => fromHex(text.slice(1, -1)));

const message = (type: number, body: Uint8Array) =>
  concatBytes(Uint8Array.of(type, body.length & 0xff, body.length >> 8), body);

/** The header of a package file: 12 bytes, of which the last four say how long it is (spec/package.md section 1). */
const headerOf = (file: Uint8Array): Uint8Array =>
  file.slice(12, 12 + new DataView(file.buffer, file.byteOffset).getUint32(8, true));

const isPackage = (bytes: Uint8Array): boolean =>
  bytes.length > 16 && Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'FSEAL';

function seedsOf(name: string): Uint8Array[] {
  const headers = bytesIn('package/open.json').filter(isPackage).map(headerOf);
  const licenses = bytesIn('license/open.json').filter((bytes) => bytes.length > 200);
  switch (name) {
    case 'fuzz_cbor':
      return bytesIn('cbor/decode.json').concat(licenses);
    case 'fuzz_package':
      return headers;
    default:
      return [
        Uint8Array.of(1, 0x01, 0, 0),
        concatBytes(Uint8Array.of(1), message(0x02, new Uint8Array(32)), message(0x24, new Uint8Array(32))),
        ...licenses.map((license) =>
          concatBytes(Uint8Array.of(1), message(0x20, headers[0]!), message(0x21, license)),
        ),
        ...headers.slice(0, 40).map((header) => concatBytes(Uint8Array.of(1), message(0x20, header))),
      ];
  }
}

function runTarget(name: string, seconds: number): boolean {
  const binary = buildTarget(name);
  const corpus = join(cacheFolder(), 'fuzz', name);
  mkdirSync(corpus, { recursive: true });
  const seeds = seedsOf(name);
  if (seeds.length === 0) throw new Error(`no seeds for ${name}`);
  for (const seed of seeds) writeFileSync(join(corpus, createHash('sha1').update(seed).digest('hex')), seed);
  const limits = [
    `-max_total_time=${seconds}`,
    '-max_len=8192',
    '-timeout=10',
    `-artifact_prefix=${corpus}-`,
  ];
  const { status, stderr } = spawnSync(binary, [...limits, '-print_final_stats=1', corpus], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const coverage = stderr.match(/cov: \d+/g)?.at(-1) ?? 'no coverage';
  const runs = /number_of_executed_units: (\d+)/.exec(stderr)?.[1] ?? '0';
  console.log(
    `${name}: ${status === 0 ? 'nothing found' : 'CRASHED'} in ${runs} runs from ${seeds.length} seeds, ${coverage}`,
  );
  if (status !== 0) console.log(stderr.split('\n').slice(-60).join('\n'));
  return status === 0;
}

const seconds = Number(process.argv[2] ?? 20);
if (!Number.isInteger(seconds) || seconds < 1) throw new Error('the argument is a number of seconds');
const results = ['fuzz_cbor', 'fuzz_package', 'fuzz_line'].map((name) => runTarget(name, seconds));
if (results.includes(false)) process.exitCode = 1;

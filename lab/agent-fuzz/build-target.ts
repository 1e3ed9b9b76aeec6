// Builds fuzz targets of the agent's core for this machine with clang: with libFuzzer and the
// sanitizers, or for source-based coverage. BearSSL's SHA-256 is the one part of it that is used; it is
// compiled as it is and not looked into.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nonceFromPort } from '../../device/agent/test/nonce-from-port.ts';
import { cached, hashOf, root } from '../../device/agent/toolchain/cache.ts';
import { type Compiler, compileBearssl, compileOurs, link } from '../../device/agent/toolchain/compile.ts';
import { type Weakening, weakened } from '../../device/agent/toolchain/defences.ts';
import { generatedFolder } from '../../device/agent/toolchain/generated.ts';
import { type FuzzTarget, startObjects } from './seeds.ts';

const agent = join(root, 'device/agent');
const here = join(root, 'lab/agent-fuzz');
const common = ['-g', '-fno-strict-aliasing'];
const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const modes = {
  sanitizers: {
    core: ['-O1', ...checks, '-fsanitize=fuzzer-no-link'],
    harness: ['-O1', ...checks],
    link: checks,
  },
  coverage: {
    core: ['-O1', '-fprofile-instr-generate', '-fcoverage-mapping'],
    harness: ['-O1'],
    link: ['-fprofile-instr-generate'],
  },
} as const;
export type FuzzMode = keyof typeof modes;

/** fuzz_objects.h: what the targets start from, as arrays. */
function objectsFolder(): string {
  const text = Object.entries(startObjects)
    .map(
      ([name, bytes]) =>
        `static const uint8_t ${name}[] __attribute__((unused)) = {${[...bytes].join(',')}};\n`,
    )
    .join('');
  return cached(`fuzz-objects-${hashOf(text).slice(0, 24)}`, (folder) =>
    writeFileSync(join(folder, 'fuzz_objects.h'), text),
  );
}

/** The core's sources; those that a weakening changes as copies. */
function coreSources(weakening: Weakening): string[] {
  const paths = readdirSync(join(agent, 'core'))
    .filter((file) => file.endsWith('.c'))
    .map((file) => join(agent, 'core', file));
  const changed = weakened(new Map(paths.map((path) => [path, readFileSync(path, 'utf8')])), weakening);
  return paths.map((path) => {
    const text = changed.get(path);
    if (text === undefined) return path;
    const folder = cached(`weakened-${hashOf(text).slice(0, 24)}`, (temporary) =>
      writeFileSync(join(temporary, basename(path)), text),
    );
    return join(folder, basename(path));
  });
}

/** Path of the program of a target; `weakening`: defences taken out, for a test that must notice. */
export function buildTarget(name: FuzzTarget, mode: FuzzMode, weakening: Weakening = {}): string {
  const clang = (flags: readonly string[]): Compiler => ({ program: 'clang', flags: [...common, ...flags] });
  const flags = modes[mode];
  const includes = ['core', 'port/bearssl']
    .map((folder) => join(agent, folder))
    .concat(generatedFolder('stm32f427'), here, objectsFolder());
  const core = coreSources({ ...nonceFromPort, ...weakening });
  const harness = ['fuzz_chip', 'fuzz_forge', 'fuzz_frames', name].map((file) => join(here, `${file}.c`));
  const crypto = [
    join(here, 'fuzz_crypto.c'),
    ...['fs_ecdsa.c', 'other_curves.c'].map((name) => join(agent, 'port/bearssl', name)),
  ];
  const define = '-DFS_BEARSSL_M31';
  const plain = clang(['-O2']);
  const objects = [
    ...compileOurs(clang(flags.core), core, includes, ['-include', join(here, 'fuzz_sections.h')]),
    ...compileOurs(clang(flags.harness), harness, includes, []),
    ...compileOurs(plain, crypto, includes, [define]),
    ...compileBearssl(plain, 'm31'),
  ];
  const linker = clang([...flags.link, '-fsanitize=fuzzer']);
  return join(link(linker, objects, { name: `${name}-${mode}`, flags: [] }), `${name}-${mode}`);
}

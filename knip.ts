// What knip may leave unmentioned: files that start by themselves, and packages that hold
// nothing yet. A package is judged from the moment that its entry exists; nothing needs to be
// changed here when it is filled.

import { existsSync, globSync, readFileSync } from 'node:fs';
import type { KnipConfig } from 'knip';

const manifests = globSync('{packages,apps}/*/package.json');

const folderOf = (manifest: string): string => manifest.replace(/\/package\.json$/, '');
const nameOf = (manifest: string): string =>
  (JSON.parse(readFileSync(manifest, 'utf8')) as { name: string }).name;
const entries = ['src/index.ts', 'src/main.ts', 'src/main.tsx'];
const isEmpty = (manifest: string): boolean =>
  entries.every((entry) => !existsSync(`${folderOf(manifest)}/${entry}`));

const empty = manifests.filter(isEmpty);

/** Root dependencies that were declared ahead, each with the files whose arrival brings its first use. */
const firstUse: Readonly<Record<string, string>> = {
  '@hpke/core': 'packages/hpke/src/index.ts',
  'fast-check': 'packages/cbor-cose/src/index.ts',
  rp2040js: 'packages/virtual-stm32/src/cortex-m*.ts',
  '@yowasp/clang': 'device/agent/core/*.c',
};
/** Started or loaded by its path, or a part of the schema check of @cyclonedx/cyclonedx-library. */
const byPath = ['postject', 'ajv', 'ajv-formats', 'ajv-formats-draft2019'];
const declaredAhead = Object.entries(firstUse)
  .filter(([, files]) => globSync(files).length === 0)
  .map(([name]) => name);

export default {
  ignoreWorkspaces: empty.map(folderOf),
  ignoreDependencies: [...empty.map(nameOf), ...declaredAhead],
  ignoreBinaries: [
    'dfu-util',
    'dpkg-query',
    'file',
    /^g\+\+$/,
    'go',
    'openssl',
    'prlimit',
    'softhsm2-util',
    'sha256sum',
    'firmseal',
    'arm-none-eabi-gcc',
    'arm-none-eabi-nm',
    'clang-tidy',
    'mosquitto',
    'mount',
    'unshare',
    'mosquitto_passwd',
    'mosquitto_sub',
    'arm-none-eabi-objdump',
    'openocd',
    'qemu-system-arm',
    'qemu-system-x86_64',
  ],
  workspaces: {
    '.': {
      // npm links every package of the workspace at the root, so tools, bench and lab need not declare them.
      ignoreDependencies: [/^@firmseal\//, ...byPath],
      entry: [
        'tools/set-up/run.mjs',
        'tools/set-up/pkcs11js.ts',
        'tools/*/main.ts',
        'tools/test-report/reporter.ts',
        'tools/pack/launcher.mjs',
        'tools/generate/errors.ts',
        'bench/main.ts',
        'bench/history/*-process.ts',
        'device/agent/{build-thumb,sizes}.ts',
        'device/agent/toolchain/fetch-sources.ts',
        'lab/main.ts',
        'lab/*/main.ts',
        'lab/conformance/clients/main.ts',
        'lab/fuzz/doors.ts',
        'lab/kill/*-process.ts',
        'lab/authority/*-process.ts',
        'lab/usb-vm/in-guest/*-suite.ts',
        'lab/usb-vm/in-guest/slow-timers.ts',
        'vectors/**/*.ts',
        'examples/**/*.mjs',
        '{tools,lab,device,examples,bench}/**/*.test.ts',
      ],
      project: ['{tools,lab,bench,vectors,device,examples}/**/*.{ts,mjs}'],
    },
    'packages/*': {
      entry: ['src/index.ts', 'test/*/main.ts', '{src,test}/**/*.test.ts'],
      project: ['{src,test}/**/*.ts'],
    },
    // A single executable loads native code by native-parts.ts, which its bundler puts in.
    'apps/cli': {
      entry: ['src/main.ts', 'src/native-parts.ts', 'test/small-entry.ts', '{src,test}/**/*.test.ts'],
      project: ['{src,test}/**/*.ts'],
    },
    // Its browser code needs no entry but main.ts; the page of its tests runs axe from its file.
    'apps/updater': {
      entry: ['src/main.ts', 'test/**/*.test.ts'],
      project: ['{src,test}/**/*.ts'],
      ignoreDependencies: ['axe-core'],
    },
    'apps/console': {
      entry: ['src/main.tsx', 'test/**/*.test.ts'],
      project: ['{src,test}/**/*.{ts,tsx}'],
      ignoreDependencies: ['axe-core'],
    },
    'apps/*': { entry: ['src/main.ts', '{src,test}/**/*.test.ts'], project: ['{src,test}/**/*.ts'] },
  },
} satisfies KnipConfig;

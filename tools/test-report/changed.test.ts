// What a change can affect, on a planted tree and on the real one; and what --changed says without git.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { affectedTests, changedFiles, listsFolders, NoGit, type Tree, treeHere } from './changed.ts';
import { lackingTool } from './skip-tests.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-changed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const planted: Readonly<Record<string, string>> = {
  'packages/a/package.json': '{"name":"@firmseal/a","exports":{".":"./src/index.ts"}}',
  'packages/a/src/index.ts': "export { a } from './a.ts';",
  'packages/a/src/a.ts': 'export const a = 1;',
  'packages/a/src/a.test.ts': "import { a } from './a.ts';",
  'packages/b/src/b.ts': "import { a } from '@firmseal/a';",
  'packages/b/src/b.test.ts': "import { b } from './b.ts';",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a file
  'packages/c/src/reads.test.ts': 'readFileSync(new URL(`../../../vectors/link/${name}`, import.meta.url));',
  'packages/c/src/starts.test.ts': "spawn(process.execPath, ['packages/b/src/b.ts']);",
  'packages/c/src/apart.test.ts': "import { c } from './c.ts';",
  'vectors/link/frames.json': '{}',
  'tools/tidy/tidy.test.ts': '',
};
const tree: Tree = { paths: Object.keys(planted), read: (path) => planted[path]! };

describe('the tests that a change can affect', () => {
  test.each([
    ['the source of a package', 'packages/a/src/a.ts', ['a/src/a', 'b/src/b', 'c/src/starts']],
    ['a program that a test starts', 'packages/b/src/b.ts', ['b/src/b', 'c/src/starts']],
    ['a file of a folder that a test reads', 'vectors/link/frames.json', ['c/src/reads']],
    ['a test itself', 'packages/c/src/apart.test.ts', ['c/src/apart']],
    ['a page', 'docs/questions.md', []],
  ])('after a change of %s', (_, changed, names) => {
    const wanted = names.map((name) => `packages/${name}.test.ts`);
    expect(affectedTests([changed], tree)).toEqual([...wanted, 'tools/tidy/tidy.test.ts']);
  });

  test('after a change of what all of them stand on are all', () => {
    expect(affectedTests(['package-lock.json'], tree)).toHaveLength(6);
    expect(affectedTests([], tree)).toEqual([]);
  });

  test('in the real tree: C selects every suite that builds the agent, and others not', () => {
    const real = treeHere();
    const byCore = affectedTests(['device/agent/core/fs_boot.c'], real);
    const builders = real.paths.filter(
      (path) => path.endsWith('.test.ts') && /\bbuild(Weakened)?Agent\b/.test(real.read(path)),
    );
    expect(builders.length).toBeGreaterThan(5);
    expect(byCore).toEqual(expect.arrayContaining([...builders, 'lab/kill/kill.test.ts']));
    expect(byCore).not.toContain('packages/cbor-cose/src/decode-cbor.test.ts');
    expect(affectedTests(['spec/errors/agent.json'], real)).toEqual(expect.arrayContaining(builders));
    expect(affectedTests(['docs/questions.md'], real).length).toBeLessThan(20);
    const console = 'apps/console/test/console.chromium.test.ts';
    for (const file of ['pages/alarms.tsx', 'styles.css'])
      expect(affectedTests([`apps/console/src/${file}`], real)).toContain(console);
  });
});

/** They list folders of their own making, or those of the machine. */
const listsElsewhere = [
  'apps/cli/src/assets.ts',
  'apps/cli/src/authority-folder.ts',
  'apps/cli/src/check/check-package.ts',
  'apps/cli/src/doctor/machine.ts',
  'apps/cli/src/line/line-packages.ts',
  'apps/cli/src/line/outbox.ts',
  'apps/cli/src/line/released-line.ts',
  'apps/cli/src/sfi/books-folder.ts',
  'apps/cli/src/sfi/running-tools.ts',
  'apps/cli/src/updater/publishable-licenses.ts',
  'apps/cli/src/virtual/state-file.test.ts',
  'apps/cli/test/agent-update.test.ts',
  'apps/cli/test/authority-process.ts',
  'apps/cli/test/batch.test.ts',
  'apps/cli/test/desk-file.test.ts',
  'apps/cli/test/field-update.dfu-util.test.ts',
  'apps/cli/test/line-device-data.test.ts',
  'apps/cli/test/line-personalize.test.ts',
  'apps/cli/test/line-week.faketime.test.ts',
  'apps/cli/test/line.test.ts',
  'apps/cli/test/operator-mistakes.test.ts',
  'apps/cli/test/outputs-in-condition.ts',
  'apps/cli/test/owner-commands.test.ts',
  'apps/cli/test/run-process.ts',
  'apps/cli/test/seal-inputs.test.ts',
  'apps/cli/test/secrets.test.ts',
  'apps/cli/test/sfi-counted.test.ts',
  'apps/cli/test/sfi-seal.test.ts',
  'apps/cli/test/sfi.test.ts',
  'apps/cli/test/tokens.softhsm.test.ts',
  'apps/cli/test/unproven.test.ts',
  'apps/cli/test/unreachable-paths.test.ts',
  'apps/cli/test/updater.test.ts',
  'device/agent/toolchain/cache.ts',
  'device/agent/toolchain/debian-source.test.ts',
  'knip.ts',
  'lab/agent-fuzz/run-target.ts',
  'lab/suites/main.ts',
  'lab/usb-vm/file-system.ts',
  'lab/usb-vm/kernel.ts',
  'packages/audit/src/ledger-audit.test.ts',
  'packages/authority/test/postgres-cluster.ts',
  'packages/files/src/file-lock.test.ts',
  'packages/files/src/make-file.test.ts',
  'packages/files/src/make-file.ts',
  'packages/files/src/make-folder.ts',
  'packages/files/src/new-files.test.ts',
  'packages/files/src/whole-file-steps.ts',
  'packages/files/src/write-whole-file.test.ts',
  'packages/serial-adapter/src/list-serial.ts',
  'tools/pack/build-console.ts',
  'tools/pack/native-packages.ts',
  'tools/release/main.ts',
  'tools/release/sbom.ts',
];

test('a file that lists a folder of the tree has a rule', () => {
  const real = treeHere();
  const listing = real.paths.filter(
    (path) =>
      /\.ts$/.test(path) &&
      !/^tools\/(tidy|test-report)\//.test(path) &&
      /\b(readdirSync|globSync|readTree)\(/.test(real.read(path)),
  );
  expect(listing.filter((path) => !listsFolders(path)).sort()).toEqual(listsElsewhere);
});

describe('without git', () => {
  test('a folder that is no repository is refused with what git says', ({ skip }) => {
    const lack = lackingTool(['git', 'never']);
    if (lack !== undefined) skip(lack);
    expect(() => changedFiles('HEAD', folder)).toThrow(NoGit);
    expect(() => changedFiles('HEAD', folder)).toThrow(/^--changed asks git, which says: /);
  });

  test('npm test says so in one line, and tests nothing', () => {
    symlinkSync(process.execPath, join(folder, 'node'));
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(join(folder, 'node'), [main, '--changed'], {
      encoding: 'utf8',
      env: { PATH: folder },
    });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^npm test: --changed asks git, which is not installed here; [^\n]+\n$/);
  });
});

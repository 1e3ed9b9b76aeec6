// Planted violations of the rules about imports.

import { expect, test } from 'vitest';
import {
  browserImports,
  declaredImports,
  deepImports,
  fileCycles,
  importCycles,
  importDirection,
  importsOf,
  laboratoryImports,
} from './imports.ts';
import type { SourceFile } from './tree.ts';

/** A file that imports each specifier. */
const importing = (path: string, ...specifiers: string[]): SourceFile => ({
  path,
  text: specifiers.map((specifier, i) => `import { a${i} } from '${specifier}';`).join('\n'),
});

test('imports are found in every form, and not in comments', () => {
  const text = [
    "import type { A } from 'one';",
    'import {',
    '  b,',
    "} from 'two';",
    "import 'three';",
    "export { c } from 'four';",
    "const d = await import('five');",
    "// import { e } from 'six';",
    '/* of old:',
    "import { f } from 'seven';",
    '*/',
  ].join('\n');
  expect(importsOf(text).sort()).toEqual(['five', 'four', 'one', 'three', 'two']);
});

test.each([
  ['packages/seal/src/a.ts', '@firmseal/link', 'upwards'],
  ['packages/bytes/src/a.ts', '@firmseal/crypto', 'upwards, near the ground'],
  ['packages/programmer/src/a.ts', '@firmseal/authority', 'a sibling service'],
  ['packages/seal/src/a.ts', '@firmseal/crypto-node', 'an adapter'],
  ['packages/keys/src/a.ts', '@firmseal/pkcs11-adapter', 'an adapter by its name'],
  ['packages/virtual-stm32/src/a.ts', '@firmseal/link', 'the client code that it is to test'],
  ['packages/virtual-stm32/src/a.test.ts', '@firmseal/seal', 'the same in a test'],
  ['packages/novelty/src/a.ts', '@firmseal/bytes', 'a package without a layer'],
])('%s must not import %s: %s', (path, specifier) => {
  expect(importDirection([importing(path, specifier)])).toHaveLength(1);
});

test.each([
  ['packages/license/src/a.ts', '@firmseal/seal'],
  ['packages/programmer/src/a.ts', '@firmseal/agent-client'],
  ['packages/virtual-stm32/src/a.ts', '@firmseal/chips'],
  ['packages/seal/src/a.test.ts', '@firmseal/crypto-node'],
  ['apps/cli/src/main.ts', '@firmseal/virtual-stm32'],
  ['bench/main.ts', '@firmseal/crypto-node'],
])('%s may import %s', (path, specifier) => {
  expect(importDirection([importing(path, specifier)])).toEqual([]);
});

test('deep imports and paths out of a package are found', () => {
  const files = [
    importing('packages/seal/src/a.ts', '@firmseal/bytes/src/crc32.ts'),
    importing('packages/seal/src/b.ts', '../../bytes/src/bytes.ts'),
    importing('tools/x/main.ts', '../../packages/bytes/src/bytes.ts'),
    importing('packages/seal/src/c.ts', '../../../tools/x/main.ts'),
    importing('packages/seal/src/d.ts', './e.ts', '@firmseal/bytes'),
    importing('packages/seal/src/f.test.ts', '../../../tools/x/main.ts'),
    importing('packages/tcp-adapter/src/g.test.ts', '@firmseal/link/testing'),
    importing('packages/tcp-adapter/src/h.ts', '@firmseal/link/testing'),
  ];
  expect(deepImports(files)).toHaveLength(5);
});

test('an undeclared import is found; a test may use what the root declares', () => {
  const files = [
    { path: 'package.json', text: '{"devDependencies":{"@firmseal/crypto-node":"0.1.0"}}' },
    { path: 'packages/seal/package.json', text: '{"dependencies":{"@firmseal/bytes":"0.1.0"}}' },
    importing('packages/seal/src/a.ts', '@firmseal/bytes'),
    importing('packages/seal/src/a.test.ts', '@firmseal/crypto-node'),
    importing('packages/seal/src/b.ts', '@firmseal/crypto-node'),
    importing('packages/seal/src/b.test.ts', '@firmseal/image'),
    importing('apps/cli/src/main.ts', '@firmseal/seal'),
    importing('tools/x/main.ts', '@firmseal/chips'),
    importing('packages/link/src/a.test.ts', '@firmseal/link/testing'),
  ];
  expect(declaredImports(files).map((line) => line.split(':')[0])).toEqual([
    'packages/seal/src/b.ts',
    'packages/seal/src/b.test.ts',
    'apps/cli/src/main.ts',
  ]);
});

test('a circle of packages is found', () => {
  const files = [
    importing('packages/seal/src/a.ts', '@firmseal/image'),
    importing('packages/image/src/a.ts', '@firmseal/chips'),
    importing('packages/chips/src/a.ts', '@firmseal/seal'),
    importing('packages/license/src/a.ts', '@firmseal/seal'),
  ];
  expect(
    importCycles(files)
      .map((line) => line.split(':')[0])
      .sort(),
  ).toEqual(['packages/chips', 'packages/image', 'packages/seal']);
});

test('a circle of files is found, also one of types; other packages and missing files make none', () => {
  const files = [
    importing('packages/seal/src/a.ts', './b.ts', './none.ts'),
    { path: 'packages/seal/src/b.ts', text: "import type { A } from './deeper/c.ts';" },
    importing('packages/seal/src/deeper/c.ts', '@firmseal/seal', '../d.ts'),
    importing('packages/seal/src/d.ts', './e.ts'),
    importing('packages/seal/src/e.ts'),
  ];
  expect(fileCycles(files)).toEqual([]);
  const closed = [
    ...files,
    importing('packages/seal/src/none.ts'),
    importing('packages/seal/src/e.ts', './a.ts'),
  ];
  expect(fileCycles(closed)).toEqual([
    expect.stringMatching(/a\.ts, .*b\.ts, .*d\.ts, .*deeper\/c\.ts, .*e\.ts$/),
  ]);
});

test('the laboratory in shipped code is found', () => {
  const files = [
    importing('packages/seal/src/a.ts', '../../../lab/gang/gang.ts'),
    importing('apps/cli/src/b.ts', '../../../lab/kill/plan.ts'),
    importing('device/agent/build.ts', '../../lab/speed/parts.ts'),
    importing('apps/cli/test/c.test.ts', '../../../lab/dfu-shim/build.ts'),
    importing('bench/d.ts', '../lab/gang/gang.ts'),
    importing('packages/seal/src/e.ts', './lab/e.ts'),
  ];
  expect(laboratoryImports(files)).toHaveLength(3);
});

test('Node in a package for browsers is found, by module and by global', () => {
  const files = [
    importing('packages/seal/src/a.ts', 'node:fs'),
    importing('packages/link/src/a.ts', 'crypto'),
    { path: 'packages/hpke/src/a.ts', text: 'export const a = Buffer.from([1]);' },
    importing('packages/seal/src/a.test.ts', 'node:fs'),
    importing('packages/keys/src/a.ts', 'node:fs'),
    { path: 'packages/hpke/src/b.ts', text: '// Buffer.from is not used\nexport const b = 1;' },
  ];
  expect(browserImports(files)).toHaveLength(3);
});

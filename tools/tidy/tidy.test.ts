// The tree obeys every rule of the house. That each rule can fail is shown, with planted
// violations, in the tests beside the rules.

import { describe, expect, test } from 'vitest';
import { coreCalls, coreIncludes } from './c-imports.ts';
import { commentLineLength } from './comment-lines.ts';
import { fileHeader, fileLength, fileNames, skipsSayWhy, unwantedStatements } from './files.ts';
import { generatedFiles, generatorsListed } from './generated.ts';
import {
  browserImports,
  declaredImports,
  deepImports,
  fileCycles,
  importCycles,
  importDirection,
  laboratoryImports,
} from './imports.ts';
import { layersExist, layoutPage } from './layout.ts';
import { lockfileHashes, lockfileHosts, lockfileManifests, lockfilePlatforms } from './lockfile.ts';
import { machineTraces } from './machine-paths.ts';
import { oneOfEach } from './one-of-each.ts';
import { datedFigures, pageLength, plainCode, plainWords } from './prose.ts';
import { docsReferences, markdownLinks, specReferences } from './references.ts';
import { type Rule, readTree } from './tree.ts';

const rules: Readonly<Record<string, Rule>> = {
  'imports follow the layers': importDirection,
  'packages are entered through their index': deepImports,
  'the table of layers names the packages that there are': layersExist,
  'docs/layout.md shows the same layers and folders': layoutPage,
  'imports are declared': declaredImports,
  'packages import in no circle': importCycles,
  'files import in no circle': fileCycles,
  'files of the core include in no circle': coreIncludes,
  'files of the core call in no circle': coreCalls,
  'packages for browsers do without Node': browserImports,
  'shipped code does without the laboratory': laboratoryImports,
  'there is one of each': oneOfEach,
  'files end at 500 lines': fileLength,
  'comment lines end at 110 characters': commentLineLength,
  'files open with a comment': fileHeader,
  'files have telling kebab-case names': fileNames,
  'no export *, no enum, no .only': unwantedStatements,
  'skipped tests say why': skipsSayWhy,
  'no paths of a machine, no hosts of a registry': machineTraces,
  'the lockfile names no place': lockfileHosts,
  'the lockfile has the binaries of every platform': lockfilePlatforms,
  'everything in the lockfile has a hash': lockfileHashes,
  'the lockfile knows every package.json': lockfileManifests,
  'pages end at 12 KB': pageLength,
  'dated figures stand in docs/figures.md': datedFigures,
  'what people read is plain English': plainWords,
  'comments, messages and names of tests are no riddles': plainCode,
  'mentions of the specification resolve': specReferences,
  'mentions of pages of docs resolve': docsReferences,
  'links of Markdown resolve': markdownLinks,
  'generated files are what their generators give': generatedFiles,
  'generators are listed': generatorsListed,
};

describe('the tree', () => {
  const tree = readTree();

  test('is really read', () => {
    const paths = tree.map((file) => file.path);
    expect(paths).toContain('package.json');
    expect(paths).toContain('tools/tidy/tidy.test.ts');
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([]);
  });

  test.each(Object.entries(rules))('%s', (_, rule) => {
    expect(rule(tree)).toEqual([]);
  });
});

// The one list of generators. Each gives path (from the project's root) to text; `npm run generate` writes
// them all, and a test compares what stands in the tree with what they give.

import { generateExample } from '../vectors/example.ts';
import { generateVectors } from '../vectors/generate.ts';
import { generateAuthorityPage } from './authority-page.ts';
import { generateChipTable } from './chip-table.ts';
import { generateErrorFiles } from './errors.ts';
import { generateOpenApi } from './openapi.ts';
import { generateRuleTable } from './rule-table.ts';
import { generateSdkChips } from './sdk-chips.ts';
import { generateSpecChips } from './spec-chips.ts';
import { generateStErrors } from './st-errors-page.ts';

export const generators: Readonly<Record<string, () => Map<string, string>>> = {
  'spec/errors': generateErrorFiles,
  'tools/vectors': generateVectors,
  'tools/vectors, as a page': generateExample,
  'packages/chips/data, for readers': generateChipTable,
  'packages/chips/data, for the specification': generateSpecChips,
  'packages/chips/data, for applications': generateSdkChips,
  'packages/virtual-stm32/rules': generateRuleTable,
  'packages/authority-contract': generateAuthorityPage,
  'packages/authority-contract, as OpenAPI': generateOpenApi,
  'packages/sfi/data, for readers': generateStErrors,
};

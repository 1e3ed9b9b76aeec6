// The vectors for packages, licenses and delegations, sent to the agent as WebAssembly over its link: each
// case must end in exactly the fault that it names. As machine code: vectors.arm.test.ts.

import { describe, expect, it } from 'vitest';
import { delegationVectors, licenseVectors, packageVectors, recoveryVectors } from './vector-cases.ts';
import { wasmChip } from './vector-chips.ts';

describe.each([packageVectors, licenseVectors, delegationVectors, recoveryVectors])(
  '$name',
  ({ cases, outcome }) => {
    it('end in the fault of their case', async () => {
      for (const one of cases) {
        const { found, due } = await outcome(one, wasmChip);
        expect([one.name, found]).toEqual([one.name, due]);
      }
    });
  },
);

it('are as many, and as different, as they should be', async () => {
  expect(packageVectors.cases.length).toBeGreaterThan(200);
  expect(licenseVectors.cases.length).toBeGreaterThan(60);
  expect(delegationVectors.cases.length).toBeGreaterThan(30);
  expect(recoveryVectors.cases.length).toBeGreaterThan(35);
  const due = packageVectors.cases.map(({ onLink, fault }) => onLink ?? fault ?? 'none');
  expect(due.filter((fault) => fault === 'none').length).toBeGreaterThan(8);
  expect(new Set(due).size).toBeGreaterThan(30);
});

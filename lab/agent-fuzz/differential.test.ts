// A sample of the differential fuzzer (`npm run lab -- fuzz differential` is the whole), and that it
// notices an agent that judges otherwise.

import { describe, expect, it } from 'vitest';
import { runDifferential } from './differential-campaign.ts';

describe('readers of packages/ and parsers of the agent', () => {
  it('agree on every input of a sample, over verdicts of many kinds', async () => {
    const reports = await runDifferential({ runs: 10_000, firstSeed: 1 });
    expect(reports.flatMap(({ disagreements }) => disagreements)).toEqual([]);
    expect(reports.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThanOrEqual(10_000);
    const verdicts = (kind: string) => reports.find((report) => report.kind === kind)!.verdicts;
    // Both outcomes, or the comparison says nothing; faults from behind the signatures,
    // or they were not passed.
    for (const { kind, verdicts: met } of reports)
      expect([kind, [...met.keys()].some((name) => /^ok$|^some/.test(name)), met.size > 1]).toEqual([
        kind,
        true,
        true,
      ]);
    for (const fault of [
      'manifest-product-wrong',
      'area-malformed',
      'entry-outside-firmware',
      'policy-field-unknown',
    ])
      expect(verdicts('header').get(fault) ?? 0).toBeGreaterThan(0);
    for (const fault of ['root-malformed', 'root-revoked', 'epoch-malformed', 'delegation-revoked'])
      expect([fault, verdicts('authority').get(fault) ?? 0]).not.toEqual([fault, 0]);
    for (const fault of [
      ...['license-device-wrong', 'license-origin-wrong', 'license-delegation-wrong', 'license-data-wrong'],
      ...['license-unwraps-exhausted', 'key-commitment-wrong'],
    ])
      expect([fault, verdicts('license').get(fault) ?? 0]).not.toEqual([fault, 0]);
    for (const fault of ['record-hash-wrong', 'record-tag-wrong', 'area-digest-wrong'])
      expect(verdicts('records').get(fault) ?? 0).toBeGreaterThan(0);
  });

  it('do not agree with an agent that judges otherwise in each of them', async () => {
    const weakening = {
      'cbor-keys-rise': 'if (head->argument >= value) return FS_OK;',
      'delegation-epoch': 'FS_DEMAND(read.epoch + 1u >= trust->epoch, FS_ERR_DELEGATION_REVOKED);',
      'area-order': '(void)end_before;',
      'license-origin': '',
      'frame-whole-blocks': 'if (reader->dropping || length < LEAST_CONTENT) return FS_NO;',
    };
    const reports = await runDifferential({ runs: 10_000, firstSeed: 1, weakening });
    const differing = reports.filter(({ disagreements }) => disagreements.length > 0).map(({ kind }) => kind);
    expect(differing).toEqual(expect.arrayContaining(['cbor', 'authority', 'header', 'license', 'frames']));
  });
});

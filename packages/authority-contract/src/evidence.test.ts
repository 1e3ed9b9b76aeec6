import { utf8 } from '@firmseal/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEvidenceLine, type EvidenceLine, encodeEvidenceLine, evidenceFormat } from './evidence.ts';

const job = new Uint8Array(16).fill(1);
const digest = new Uint8Array(32).fill(2);
const lines: EvidenceLine[] = [
  { kind: 'head', format: evidenceFormat, size: 3, head: digest, atMs: 5 },
  { kind: 'log', sequence: 0, entry: utf8('e'), salt: digest, leaf: digest, head: digest },
  {
    kind: 'job',
    job,
    product: 'pump',
    quota: 2,
    mode: 'session',
    accepts: [],
    state: 'approved',
    createdAtMs: 1,
  },
  {
    ...{ kind: 'package', job, manifestDigest: digest, header: utf8('h'), firmwareVersion: '1.2' },
    ...{ securityCounter: 5, approved: true },
  },
  {
    ...{ kind: 'unit', job, unitIndex: 0, thumbprint: digest, takenAtMs: 4, voidedAtMs: 6 },
    ...{ certificate: utf8('c'), firstSeenAtMs: 4 },
  },
  {
    ...{ kind: 'license', job, licenseId: job, thumbprint: digest, unitIndex: 0, manifestDigest: digest },
    ...{ mode: 'standing', licenseDigest: digest, bundle: utf8('b'), issuedAtMs: 4 },
  },
  {
    ...{ kind: 'receipt', job, licenseId: job, receiptDigest: digest, receipt: utf8('r'), challenge: digest },
    ...{ fresh: true, outcome: 'PASS', storedAtMs: 9 },
  },
  { kind: 'end', lines: 7 },
];

test.each(lines)('$kind comes back as it was written', (line) => {
  expect(decodeEvidenceLine(encodeEvidenceLine(line), 1)).toEqual(line);
});

test('any other text is evidence-malformed, never another error', () => {
  const texts = lines.map(encodeEvidenceLine);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        // One character of a good line changed, or the line cut.
        fc
          .tuple(fc.constantFrom(...texts), fc.nat(), fc.string({ unit: 'binary', maxLength: 2 }))
          .map(
            ([text, at, change]) =>
              text.slice(0, at % text.length) + change + text.slice((at % text.length) + 1),
          ),
        fc.tuple(fc.constantFrom(...texts), fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
      ),
      (text) => {
        try {
          decodeEvidenceLine(text, 3);
        } catch (fault) {
          expect(fault).toMatchObject({ code: 'evidence-malformed', fields: { line: 3 } });
        }
      },
    ),
    { seed: 6, numRuns: 3000 },
  );
});

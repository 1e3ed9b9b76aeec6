// Records that are wrong in one thing, out of place, or good and taken in another way; and
// other requests at that time.

import { requestTypes } from '@firmseal/link';
import { licenseRequest, packageRequest, recordRequest } from './requests.ts';
import type { Made } from './scenario.ts';
import type { Target } from './target.ts';
import type { Update } from './update.ts';

export async function recordsOf(
  target: Target,
  { sealed, header, license, records }: Update,
): Promise<Made[]> {
  const tagged = await target.wronglyTagged();
  /**
   * With one bit of record 0 changed: of the next record's hash, which the tag does
   * not cover, or of the chunk.
   */
  const altered = (at: number) => {
    const record = sealed.records[0]!.slice();
    record[at]! ^= 1;
    return recordRequest(0, record);
  };
  const begun = [header, licenseRequest(license)];
  const first = target.after([...begun, records[0]!], () => target.session());
  const done = target.after([...begun, ...records], () => target.state());
  return [
    {
      name: 'good record, taken otherwise',
      before: begun,
      request: records[0]!,
      statusIsNothing: true,
      isBad: (now) =>
        now.phase() === 'done' ||
        (now.answersWell(requestTypes.record) && now.phase() === 'records' && now.session() !== first),
      after: records.slice(1),
      endsIn: done,
    },
    {
      name: 'good record once more',
      before: [...begun, records[0]!],
      request: records[0]!,
      statusIsNothing: true,
      isBad: (now) => now.answersWell(requestTypes.record) && now.session() !== first,
      after: records.slice(1),
      endsIn: done,
    },
    {
      name: 'record out of order',
      before: begun,
      request: records[1]!,
      refusal: 'record-out-of-order',
    },
    {
      name: 'good last record, with another end',
      before: [...begun, records[0]!],
      request: records[1]!,
      statusIsNothing: true,
      isBad: (now) => now.saysInstalled({ orWill: true }) && now.state() !== done,
    },
    {
      name: 'receipt of an install that ended without an application',
      before: [
        ...[packageRequest(tagged.headerBytes), licenseRequest(await target.license(tagged))],
        recordRequest(0, tagged.records[0]!),
      ],
      request: { type: requestTypes.receipt, body: new Uint8Array(0) },
      refusal: 'no-receipt',
      statusIsNothing: true, // a glitch of the dispatch answers with a hello, which is no receipt
      isBad: (now) => now.answersWith(requestTypes.receipt, 'firmseal-receipt'),
    },
    {
      name: 'record without a license',
      before: [header],
      request: records[0]!,
      refusal: 'request-out-of-state',
      isBad: (now) => ['records', 'done'].includes(now.phase()),
    },
    {
      name: 'record with wrong hash',
      before: [header, licenseRequest(license)],
      request: altered(40),
      refusal: 'record-hash-wrong',
      after: records.slice(1),
    },
    {
      name: 'record that leads to another one',
      before: [header, licenseRequest(license)],
      request: altered(5),
      refusal: 'record-hash-wrong',
    },
    {
      name: 'record with wrong tag',
      before: [packageRequest(tagged.headerBytes), licenseRequest(await target.license(tagged))],
      request: recordRequest(0, tagged.records[0]!),
      refusal: 'record-tag-wrong',
      after: [recordRequest(1, tagged.records[1]!)],
    },
    {
      name: 'last record, flash altered meanwhile',
      before: [
        ...[header, licenseRequest(license), records[0]!],
        (now) => now.alterFlash(now.slotStart + 0x200, Uint8Array.of(0x5a)),
      ],
      request: records[1]!,
      refusal: 'area-digest-wrong',
      // Record 1 itself is good. The bypass would be a valid record over the altered flash.
      statusIsNothing: true,
      isBad: (now) => now.saysInstalled({ orWill: true }),
    },
  ];
}

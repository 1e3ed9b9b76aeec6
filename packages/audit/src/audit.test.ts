// Evidence of a real authority, and everything that a hostile one could hand over: findings, never an
// exception, and nothing that contradicts the promise passes.

import { Owner, TestAuthority } from '@firmseal/authority/testing';
import { decodeEvidenceLine, type EvidenceLine, encodeEvidenceLine } from '@firmseal/authority-contract';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { emptyHead } from '@firmseal/ledger';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditResult, audit } from './audit.ts';
import type { AuditTrust } from './trust.ts';

let authority: TestAuthority;
let lines: string[];
let trust: AuditTrust;

const trustOf = ({ product, root, deviceCa }: Owner): AuditTrust => ({
  product,
  rootPublicKey: root.publicKey,
  deviceCaKeys: [deviceCa.publicKey],
});

beforeAll(async () => {
  authority = await TestAuthority.start();
  const opened = await authority.openJob();
  await authority.install(opened, await authority.chip());
  await authority.license(opened, await authority.chip());
  await authority.openJob({ approve: false });
  lines = await authority.evidence();
  trust = trustOf(authority.owner);
});
afterAll(() => authority.remove());

const judge = (given: readonly string[], products = [trust]): Promise<AuditResult> =>
  audit(crypto, given, { products: new Map(products.map((one) => [one.product, one])) });
const codes = ({ findings }: AuditResult) => [...new Set(findings.map(({ code }) => code))].sort();

/** The evidence with one line changed as the interface allows. */
function withLine<K extends EvidenceLine['kind']>(
  kind: K,
  change: (line: EvidenceLine & { kind: K }) => void,
): string[] {
  const index = lines.findIndex((text) => text.startsWith(`{"kind":"${kind}"`));
  const line = decodeEvidenceLine(lines[index]!, index + 1) as EvidenceLine & { kind: K };
  change(line);
  return lines.with(index, encodeEvidenceLine(line));
}

describe('sound evidence', () => {
  it('has no finding', async () => {
    const result = await judge(lines);
    expect(result).toMatchObject({ ok: true, findings: [], findingCount: 0 });
    expect(result.jobs).toContainEqual(
      expect.objectContaining({ units: 2, installed: 1, unitsWithoutReceipt: 1 }),
    );
    expect(result.notices.map(({ code }) => code)).toEqual(['head-unknown']);
  });

  it('of a product without keys is held against the log alone, and the auditor is told', async () => {
    const result = await judge(lines, []);
    expect(result.ok).toBe(true);
    expect(result.notices.map(({ code }) => code)).toEqual(['head-unknown', 'product-not-audited']);
    expect(
      codes(
        await judge(
          withLine('job', (job) => Object.assign(job, { quota: 99 })),
          [],
        ),
      ),
    ).toEqual(['row-differs']);
  });
});

it('two products on one authority, each audited with its own keys, while the lines install', async () => {
  const other = new Owner('fan');
  const two = await TestAuthority.start();
  two.others.push({ ...(await other.productKeys()) });
  await two.halt();
  await two.run();
  const jobs = [await two.openJob({ quota: 40 }), await two.openJob({ owner: other, quota: 40 })];
  const { TestChip } = await import('@firmseal/authority/testing');
  const makers = [() => two.chip(), () => TestChip.make(other)];
  let running = true;
  const installing = jobs.map(async (job, i) => {
    for (let n = 0; n < 20; n++) await two.install(job, await makers[i]!());
  });
  const done = Promise.all(installing).then(() => {
    running = false;
  });
  const products = [trustOf(two.owner), trustOf(other)];
  let audits = 0;
  while (running) {
    const result = await judge(await two.evidence(), products);
    expect(result.findings).toEqual([]);
    audits++;
  }
  await done;
  expect(audits).toBeGreaterThan(2);
  const end = await judge(await two.evidence(), products);
  expect(end.jobs.map(({ product, installed }) => [product, installed]).sort()).toEqual([
    ['fan', 20],
    ['pump', 20],
  ]);
  const one = await judge(await two.evidence(), [trustOf(other)]);
  expect(one).toMatchObject({ ok: true });
  const [fan, pump] = ['fan', 'pump'].map((name) => one.jobs.find(({ product }) => product === name));
  expect(fan).toMatchObject({ hasKeys: true, installed: 20, unitsWithoutReceipt: 0 });
  // The log tells of twenty receipts: that none was verified does not make them missing.
  expect(pump).toMatchObject({ hasKeys: false, receipts: 20, installed: 0, unitsWithoutReceipt: 0 });
  expect(one.notices.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('product pump'));
  await two.remove();
});

describe('evidence that does not hold together', () => {
  it.each<[string, () => string[], string[]]>([
    ['nothing', () => [], ['evidence-malformed', 'log-empty']],
    ['an empty line', () => [''], ['evidence-malformed', 'log-empty']],
    ['a page of HTML', () => ['<html>', '</html>'], ['evidence-malformed', 'log-empty']],
    [
      'a log without entries, and nothing else',
      () =>
        [
          { kind: 'head', format: 1, size: 0, head: emptyHead, atMs: 0 } as const,
          { kind: 'end', lines: 1 } as const,
        ].map(encodeEvidenceLine),
      ['log-empty'],
    ],
    ['evidence that was cut', () => lines.slice(0, -1), ['evidence-malformed']],
    ['evidence with a line too few', () => lines.toSpliced(-3, 1), ['evidence-malformed']],
    ['evidence that goes on after its end', () => [...lines, lines[3]!], ['evidence-malformed']],
    ['evidence that comes twice', () => [...lines, ...lines], ['evidence-malformed']],
    [
      'a head of another log',
      () => withLine('head', (head) => Object.assign(head, { size: 3 })),
      ['log-broken'],
    ],
    [
      'a unit of no job',
      () => withLine('unit', (unit) => Object.assign(unit, { job: new Uint8Array(16) })),
      ['evidence-malformed'],
    ],
    [
      'a job that is told twice',
      () => {
        const at = lines.findIndex((text) => text.startsWith('{"kind":"job"'));
        const end = encodeEvidenceLine({ kind: 'end', lines: lines.length });
        return [...lines.slice(0, at), lines[at]!, ...lines.slice(at, -1), end];
      },
      ['row-unlogged'],
    ],
    [
      'a certificate of nobody',
      () => withLine('unit', (unit) => Object.assign(unit, { certificate: new Uint8Array(9) })),
      ['certificate-invalid'],
    ],
    [
      'a license of nobody',
      () => withLine('license', (one) => Object.assign(one, { bundle: new Uint8Array(9) })),
      ['license-invalid'],
    ],
    [
      'a receipt of nobody',
      () => withLine('receipt', (one) => Object.assign(one, { receipt: new Uint8Array(9) })),
      ['receipt-invalid'],
    ],
    [
      'a unit that is called voided',
      () => withLine('unit', (unit) => Object.assign(unit, { voidedAtMs: 5 })),
      ['row-differs'],
    ],
    [
      'a receipt that is said to be from another time',
      () => withLine('receipt', (one) => Object.assign(one, { storedAtMs: one.storedAtMs - 1 })),
      ['row-differs'],
    ],
    [
      'a log entry that is no CBOR',
      () => withLine('log', (row) => Object.assign(row, { entry: new Uint8Array(9) })),
      ['log-broken', 'log-contradictory'],
    ],
  ])('%s', async (_, make, expected) => {
    const result = await judge(make());
    expect(result.ok).toBe(false);
    expect(codes(result)).toEqual(expect.arrayContaining(expected));
  });

  it('one that repeats its faults without an end is counted, not kept', async () => {
    const result = await judge(Array.from({ length: 5000 }, () => 'x'));
    expect(result.findings).toHaveLength(1000);
    expect(result.findingCount).toBeGreaterThan(5000);
  });

  it('one without an end is given up', async () => {
    function* endless() {
      for (;;) yield '';
    }
    const result = await audit(crypto, endless(), { products: new Map([[trust.product, trust]]) });
    expect(result).toMatchObject({ ok: false, findings: { length: 1000 } });
    expect(result.findingCount).toBeGreaterThan(20_000);
  });

  it('any change of it is a finding or changes nothing that was promised, and is never an exception', async () => {
    const value = fc.oneof(
      fc.constantFrom('', null, -1, 1.5, [], {}, true, '00', 'A', 'AA', 1e300, '0'.repeat(64)),
      fc.string({ maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.oneof(
          value.map((to) => ({ to })),
          fc.constantFrom({ drop: true }, { twice: true }, { swap: true }),
        ),
        async (lineAt, fieldAt, change) => {
          const index = lineAt % lines.length;
          const changed = changeLine(lines, { index, fieldAt, change });
          const result = await judge(changed);
          // The same lines in another order promise the same, where they still follow what they belong to.
          const same = changed.toSorted().join() === lines.toSorted().join();
          if (!same && !onlyShown.test(changed[index] ?? '')) expect(result.ok, changed[index]).toBe(false);
        },
      ),
      { seed: 13, numRuns: 400 },
    );
  });
});

/** Lines whose changed field is shown and promises nothing: times, the authority's clock. */
const onlyShown = /"(atMs|takenAtMs|firstSeenAtMs|issuedAtMs|createdAtMs)":"?(-1|1.5|1e\+?300|true|null)/;

function changeLine(
  from: readonly string[],
  { index, fieldAt, change }: { index: number; fieldAt: number; change: object },
): string[] {
  const text = from[index]!;
  if ('drop' in change) return from.toSpliced(index, 1);
  if ('twice' in change) return from.toSpliced(index, 0, text);
  if ('swap' in change) {
    const other = (index + 1) % from.length;
    return from.with(index, from[other]!).with(other, text);
  }
  const line = JSON.parse(text) as Record<string, unknown>;
  const names = Object.keys(line);
  const name = names[fieldAt % names.length]!;
  return from.with(index, JSON.stringify({ ...line, [name]: (change as { to: unknown }).to }));
}

// The audit of a ledger's files, as a real authority published them and its witness cosigned: it says what
// the audit of the evidence says, and names whatever was changed, in any file, at any byte.

import { readdirSync } from 'node:fs';
import { verifyProduct } from '@firmseal/authority';
import { TestApprover, type TestAuthority, TestLedger } from '@firmseal/authority/testing';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import { encodeOpened, type LedgerFiles, ledgerFileSizeBytesAtMost, readOpened } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditProgress, auditLedger, type LedgerAuditOptions } from './ledger-audit.ts';

let authority: TestAuthority;
let ledger: TestLedger;
const sound = new Map<string, Uint8Array>();
let job: string;

/** All files of the folder by their paths in it. */
async function readFiles(folder: string, into: Map<string, Uint8Array>): Promise<void> {
  const files = filesOfFolder(folder, ledgerFileSizeBytesAtMost);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = `${entry.parentPath}/${entry.name}`.slice(folder.length + 1);
    into.set(path, (await files.read(path))!);
  }
}

beforeAll(async () => {
  ({ authority, ledger } = await TestLedger.start());
  const opened = await authority.openJob({ quota: 4, seal: { securityCounter: 5 } });
  job = opened.job;
  await authority.install(opened, await authority.chip());
  await authority.install(opened, await authority.chip());
  await authority.license(opened, await authority.chip());
  expect((await authority.voidUnit(job, 2)).status).toBe(200);
  expect((await authority.addPackage(job)).status).toBe(201);
  await authority.openJob({ approve: false });
  await authority.ledger.publish();
  await readFiles(ledger.folder, sound);
});
afterAll(() => ledger.remove());

const inMemory = (files: ReadonlyMap<string, Uint8Array>): LedgerFiles => ({
  read: async (path) => files.get(path),
});

function judge(files: ReadonlyMap<string, Uint8Array> = sound, more: Partial<LedgerAuditOptions> = {}) {
  const { product } = authority.owner;
  const trust = {
    ...{ product, rootPublicKey: authority.owner.root.publicKey },
    deviceCaKeys: [authority.owner.deviceCa.publicKey],
  };
  return auditLedger(crypto, inMemory(files), {
    products: new Map([[product, trust]]),
    ledger: ledger.trust,
    ...more,
  });
}

const changed = (path: string, at: number): Map<string, Uint8Array> => {
  const bytes = sound.get(path)!.slice();
  bytes[at]! ^= 1;
  return new Map(sound).set(path, bytes);
};

/** Files that the audit of the newest checkpoint reads. */
const read = async (): Promise<string[]> => {
  const seen = new Set<string>();
  const { product } = authority.owner;
  await auditLedger(
    crypto,
    {
      read: async (path) => {
        if (sound.has(path)) seen.add(path);
        return sound.get(path);
      },
    },
    {
      products: new Map([
        [product, { product, rootPublicKey: authority.owner.root.publicKey, deviceCaKeys: [] }],
      ]),
      ledger: ledger.trust,
    },
  );
  return [...seen];
};

describe('sound files', () => {
  it('say what the evidence says', async () => {
    const [byFiles, byEvidence] = [await judge(), await authority.audit()];
    expect(byFiles.findings).toEqual([]);
    expect(byFiles.jobs).toEqual(byEvidence.jobs.toSorted((a, b) => (a.units < b.units ? 1 : -1)));
    expect(byFiles.head).toEqual(byEvidence.head);
    expect(byFiles.checkpoint).toMatchObject({ size: byEvidence.head.size });
    expect(byFiles.unitCount).toBe(3);
    expect(byFiles.jobs[0]).toMatchObject({ units: 2, voided: 1, installed: 2, licenses: 3 });
  });

  it('are counted by the log without keys, and nothing of it is called verified', async () => {
    const [withKeys, without] = [await judge(), await judge(sound, { products: new Map() })];
    expect(without).toMatchObject({ ok: true, unitCount: 0 });
    const { installed: _, ...counts } = withKeys.jobs[0]!;
    expect(without.jobs[0]).toEqual({ ...counts, hasKeys: false, installed: 0 });
  });

  it('say so of one unit', async () => {
    const one = await judge(sound, { only: { job, unit: 1 } });
    expect(one).toMatchObject({ ok: true, unitCount: 1 });
    expect(one.jobs[0]).toMatchObject({ units: 1, installed: 1 });
    const none = await judge(sound, { only: { job: '00'.repeat(16) } });
    expect(none).toMatchObject({ ok: true, unitCount: 0 });
  });
});

describe('an audit that goes on', () => {
  it('verifies new units alone, and the old tree', async () => {
    const notes: AuditProgress[] = [];
    const { jobs } = await judge(sound, { onProgress: (progress) => notes.push(progress) });
    expect(notes.at(-1)).toMatchObject({ complete: true });
    const progress = notes.at(-1)!;
    expect(await judge(sound, { progress })).toMatchObject({ ok: true, unitCount: 0, jobs });
    const half: AuditProgress = { ...progress, complete: false, next: { [job]: 1 } };
    expect(await judge(sound, { progress: half })).toMatchObject({ ok: true, unitCount: 2, jobs });
    const root = crypto.sha256(progress.root);
    for (const [code, other] of [
      ['log-forked', { ...progress, root }],
      ['log-shortened', { ...progress, size: progress.size + 1 }],
    ] as const)
      expect((await judge(sound, { progress: other })).findings[0]?.code).toBe(code);
  });

  it('notes nothing once it found something', async () => {
    const notes: AuditProgress[] = [];
    const path = [...sound.keys()].find((name) => name.startsWith('opened/'))!;
    await judge(changed(path, sound.get(path)!.length - 40), {
      onProgress: (progress) => notes.push(progress),
    });
    expect(notes).toEqual([]);
  });
});

describe('a changed byte is named', () => {
  it('in tiles and entries by the file', async () => {
    for (const path of (await read()).filter((name) => name.startsWith('tile/')))
      for (let at = 0; at < sound.get(path)!.length; at += 53) {
        const { findings } = await judge(changed(path, at));
        expect(findings[0], `${path} at ${at}`).toMatchObject({ code: 'ledger-file-wrong', subject: path });
      }
  });

  it('in the checkpoint', async () => {
    const { length } = sound.get('checkpoint')!;
    for (let at = 0; at < length; at += 7)
      expect((await judge(changed('checkpoint', at))).findings[0]?.code, `at ${at}`).toMatch(
        /^(checkpoint-invalid|ledger-root-wrong)$/,
      );
  });

  it('in every object of the opened entries: package, certificate, license, receipt', async () => {
    const path = 'opened/000';
    const bytes = sound.get(path)!;
    const count = new DataView(bytes.buffer).byteLength;
    expect(count).toBeGreaterThan(1000);
    const codes = new Set<string>();
    for (let at = 5; at < bytes.length; at += 211) {
      const { ok, findings } = await judge(changed(path, at));
      expect(ok, `at ${at}`).toBe(false);
      codes.add(findings[0]!.code);
    }
    expect([...codes]).toEqual(
      expect.arrayContaining(['ledger-file-wrong', 'license-invalid', 'package-invalid']),
    );
  });

  it('when whole objects are exchanged or taken away', async () => {
    const path = 'opened/000';
    const entries = [...readOpened(sound.get(path)!, (await judge()).checkpoint!.size, path)];
    const withObjects = (i: number, objects: (typeof entries)[number]['objects']) =>
      new Map(sound).set(
        path,
        Buffer.concat(entries.map((one, n) => encodeOpened(n === i ? { ...one, objects } : one))),
      );
    const indexesOf = (name: string) =>
      entries.flatMap((one, i) => (Object.hasOwn(one.objects, name) ? [i] : []));
    for (const name of ['bundle', 'receipt', 'certificate', 'header']) {
      const [first, second] = indexesOf(name);
      for (const objects of [{}, entries[second!]!.objects]) {
        const { ok, findings } = await judge(withObjects(first!, objects));
        expect([name, ok]).toEqual([name, false]);
        expect(findings[0]!.code).not.toBe('ledger-file-wrong');
      }
    }
  });
});

describe('what approvers signed', () => {
  const files = new Map<string, Uint8Array>();
  let other: Awaited<ReturnType<typeof TestLedger.start>>;
  const audited = (given: ReadonlyMap<string, Uint8Array>) => {
    const trust = verifyProduct(crypto, other.authority.keys);
    return auditLedger(crypto, inMemory(given), {
      products: new Map([[trust.product, trust]]),
      ledger: other.ledger.trust,
    });
  };

  beforeAll(async () => {
    other = await TestLedger.start({ approvers: 1 });
    const at = other.authority;
    const approver = await TestApprover.make(at.owner);
    const opened = await at.openJob({ approve: false, quota: 2 });
    const packages = [opened.sealed.manifest.digest];
    const order = { kind: 'order', quota: 2, mode: 'session', accepts: [], packages } as const;
    await approver.approve(at, opened.job, order, { threshold: 1 });
    expect((await at.approveJob(opened.job)).status).toBe(200);
    await at.install(opened, await at.chip());
    await approver.approve(at, opened.job, { kind: 'close' }, { threshold: 1 });
    expect((await at.closeJob(opened.job)).status).toBe(200);
    await at.ledger.publish();
    await readFiles(other.ledger.folder, files);
  });
  afterAll(() => other.ledger.remove());

  it('is verified and counted from the files', async () => {
    expect((await audited(files)).findings).toEqual([]);
  });

  it('is named when a byte of it is changed, or it is not there', async () => {
    const path = 'opened/000';
    const entries = [...readOpened(files.get(path)!, (await audited(files)).checkpoint!.size, path)];
    for (const name of ['approval', 'end']) {
      const i = entries.findIndex(({ objects }) => Object.hasOwn(objects, name));
      const object = (entries[i]!.objects[name] as Uint8Array).slice();
      object[object.length - 9]! ^= 1;
      for (const objects of [{}, { ...entries[i]!.objects, [name]: object }]) {
        const all = entries.map((one, n) => encodeOpened(n === i ? { ...one, objects } : one));
        const { findings } = await audited(new Map(files).set(path, Buffer.concat(all)));
        expect(findings.map(({ code }) => code).join(), name).toMatch(/approval-|end-invalid|row-missing/);
      }
    }
  });
});

it('signatures of other logs do not count', async () => {
  for (const trust of [
    { log: noteSigner('log', ledger.signer.key.name).key },
    { witnesses: [noteSigner('witness', 'witness.example/w1').key] },
    { least: 2 },
  ]) {
    const { findings, checkpoint } = await judge(sound, { ledger: { ...ledger.trust, ...trust } });
    expect([findings[0]?.code, checkpoint]).toEqual(['checkpoint-invalid', undefined]);
  }
});

it('files that are missing are named', async () => {
  for (const path of await read()) {
    const files = new Map(sound);
    files.delete(path);
    const { findings } = await judge(files);
    expect(findings[0], path).toMatchObject(
      path === 'checkpoint' ? { code: 'checkpoint-invalid' } : { code: 'ledger-file-wrong', subject: path },
    );
  }
});

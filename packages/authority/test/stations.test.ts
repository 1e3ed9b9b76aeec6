// Units for chips without agent, as a hostile line could ask for them over HTTP: what a station gets, what is
// refused before a unit is taken, and what the audit says of statements that were forged or changed.

import { AuthorityClient, demandStationProofs, stationAccessForJob } from '@firmseal/authority-client';
import { fromBase64url, fromHex, Secret, toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { LedgerTrust } from '@firmseal/ledger';
import { systemClock } from '@firmseal/link';
import {
  areaDigestsAsked,
  makeOutcome,
  makeStationDelegation,
  makeStationRequest,
  type OutcomeStatement,
  openStationLicense,
  type StationDelegation,
  type StationRequest,
  verifyStation,
  verifyStationLicense,
  verifyStationRequest,
} from '@firmseal/station';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chipId, signerOf } from './owner.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';
import { TestLedger } from './running-ledger.ts';

const flashStart = 0x0800_0000;
let authority: TestAuthority;
let opened: OpenedJob;
const key = crypto.generateP256();

const dates = () => {
  const now = Math.floor(authority.nowMs / 1000);
  return { notBeforeSeconds: now - 60, notAfterSeconds: now + 3600 };
};

const delegate = (more: Partial<StationDelegation> = {}, root = authority.owner.root) =>
  makeStationDelegation(crypto, signerOf(root), {
    ...{ publicKey: key.publicKey, product: 'pump', name: 'bench-1', epoch: 0 },
    ...{ ...dates(), ...more },
  });

interface Asking {
  readonly holder: Uint8Array<ArrayBuffer>;
  readonly request?: Partial<StationRequest>;
  readonly delegation?: Uint8Array<ArrayBuffer>;
  readonly signer?: typeof key;
  /** In the place of one that the authority gives. */
  readonly challenge?: Uint8Array<ArrayBuffer>;
}

/** One request of a station, to the path of its purpose. */
async function ask(asking: Asking, purpose: 'license' | 'unit' = 'license', to = opened) {
  const { holder, delegation = await delegate(), signer = key } = asking;
  const challenge = asking.challenge ?? (await authority.challenge(to));
  const recipient = crypto.generateP256();
  const { rootPublicKey } = authority.keys;
  let stationDigest = crypto.randomBytes(32);
  try {
    stationDigest = verifyStation(crypto, delegation, { rootPublicKey }).digest;
  } catch {
    // A foreign delegation: the authority refuses it before it looks at this digest.
  }
  const request = await makeStationRequest(crypto, signerOf(signer), {
    ...{ purpose, jobId: fromHex(to.job), challenge, nonce: crypto.randomBytes(16), stationDigest },
    ...{ chipId, holder },
    ...(purpose === 'license'
      ? { manifestDigest: to.sealed.manifest.digest, kemKey: recipient.publicKey }
      : {}),
    ...asking.request,
  });
  const body = {
    request: toBase64url(request),
    delegation: toBase64url(delegation),
    challenge: toHex(challenge),
  };
  const path = `/v1/jobs/${to.job}/station-${purpose === 'license' ? 'licenses' : 'units'}`;
  const answer = await authority.call('POST', path, { token: to.line, body });
  return { answer, request, delegation, recipient, body, path };
}

const holderOf = (n: number) => crypto.sha256(Uint8Array.of(n));

/** What a station that wrote the chip would say of the license. */
async function statementOf(given: Awaited<ReturnType<typeof ask>>, more: Partial<OutcomeStatement> = {}) {
  const { manifest } = opened.sealed;
  const { rootPublicKey, product } = authority.keys;
  const bundle = fromBase64url(given.answer.body.bundle)!;
  const { terms, digest } = verifyStationLicense(crypto, { bundle, rootPublicKey, product, epoch: 0 });
  const station = verifyStation(crypto, given.delegation, { rootPublicKey });
  const asked = areaDigestsAsked({ manifest, license: { digest, ...terms } });
  return makeOutcome(crypto, signerOf(key), {
    ...{ jobId: terms.jobId, unitIndex: terms.unitIndex, holder: terms.holder, chipId },
    ...{ method: 'station', stationDigest: station.digest, result: 'DONE-UNPROVEN' },
    ...{ licenseDigest: digest, nonce: terms.outcomeNonce, contentDigest: manifest.digest },
    areaDigests: asked.map((one) => one.slice()),
    protection: { access: 'refused', readoutLevel: 1, optionBytes: [] },
    ...{ uninterrupted: true, atSeconds: 1, ...more },
  });
}

const send = (statement: Uint8Array, delegation: Uint8Array) =>
  authority.call('POST', `/v1/jobs/${opened.job}/outcomes`, {
    token: opened.line,
    body: { statement: toBase64url(statement), delegation: toBase64url(delegation) },
  });

beforeEach(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob({ mode: 'station', quota: 2, seal: { address: flashStart } });
});
afterEach(() => authority.remove());

it('leaves to a station with the proof that the station asks for, and not without', async () => {
  await authority.remove();
  const started = await TestLedger.start();
  authority = started.authority;
  opened = await authority.openJob({ mode: 'station', quota: 2, seal: { address: flashStart } });
  const { answer, request, delegation, body } = await ask({ holder: holderOf(1) });
  const job = fromHex(opened.job);
  const client = new AuthorityClient({
    ...{ address: authority.url, token: new Secret(utf8(opened.line)), clock: systemClock, attempts: 1 },
  });
  const askAgain = (trust: LedgerTrust) =>
    demandStationProofs(stationAccessForJob(client, job), { crypto, job, trust }).issueStationLicense({
      ...{ request, delegation, challenge: fromHex(body.challenge) },
    });
  const { trust } = started.ledger;
  expect(toHex((await askAgain(trust)).licenseId)).toBe(answer.body.licenseId);
  await expect(askAgain({ ...trust, least: 2 })).rejects.toMatchObject({ code: 'cosignatures-too-few' });
  await started.ledger.stopWitness();
});

describe('a license to a station', () => {
  it('opens for that station alone, and the same chip takes no second unit', async () => {
    const given = await ask({ holder: holderOf(1) });
    expect(given.answer).toMatchObject({ status: 200, body: { unitIndex: 0, newUnit: true } });
    const { rootPublicKey, product } = authority.keys;
    const bundle = fromBase64url(given.answer.body.bundle)!;
    const license = verifyStationLicense(crypto, { bundle, rootPublicKey, product, epoch: 0 });
    const station = verifyStation(crypto, given.delegation, { rootPublicKey });
    const jobId = fromHex(opened.job);
    const request = verifyStationRequest(crypto, given.request, { station, jobId });
    const { manifest, contentKey } = opened.sealed;
    const inputs = { license, manifest, request };
    const { recipient } = given;
    expect(openStationLicense(crypto, { ...inputs, recipient }).contentKey.expose()).toEqual(contentKey);
    const other = { ...inputs, recipient: crypto.generateP256() };
    expect(() => openStationLicense(crypto, other)).toThrow('The license does not decrypt');

    // The same request again: the same license. A new request: another license of the same unit.
    const again = await authority.call('POST', given.path, { token: opened.line, body: given.body });
    expect(again.body).toEqual({ ...given.answer.body, newUnit: false });
    const second = await ask({ holder: holderOf(1) });
    expect(second.answer.body).toMatchObject({ unitIndex: 0, newUnit: false });
    expect(second.answer.body.licenseId).not.toBe(given.answer.body.licenseId);
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 2, remaining: 1 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('is refused with no unit taken for whatever does not fit', async () => {
    const now = Math.floor(authority.nowMs / 1000);
    const stranger = crypto.generateP256();
    const holder = holderOf(1);
    const cases: [string, Asking][] = [
      ['station-delegation-expired', { holder, delegation: await delegate({ notAfterSeconds: now - 1 }) }],
      ['station-delegation-expired', { holder, delegation: await delegate({ notBeforeSeconds: now + 9 }) }],
      ['station-delegation-signature-invalid', { holder, delegation: await delegate({}, stranger) }],
      ['delegation-product-wrong', { holder, delegation: await delegate({ product: 'tap' }) }],
      // Of the same root, for another role.
      [
        'station-delegation-malformed',
        { holder, delegation: await authority.owner.delegate('package-signer', key.publicKey) },
      ],
      ['station-request-signature-invalid', { holder, signer: stranger }],
      ['station-request-wrong', { holder, request: { jobId: crypto.randomBytes(16) } }],
      ['station-request-wrong', { holder, request: { challenge: crypto.randomBytes(32) } }],
      ['station-request-wrong', { holder, request: { stationDigest: crypto.randomBytes(32) } }],
      ['station-request-wrong', { holder, request: { chipId: 'stm32-none' } }],
      ['manifest-chip-wrong', { holder, request: { chipId: 'stm32g0b1' } }],
      ['job-package-unknown', { holder, request: { manifestDigest: crypto.randomBytes(32) } }],
    ];
    for (const [code, asking] of cases) {
      const { answer } = await ask(asking);
      expect([answer.body.code, answer.status >= 400], code).toEqual([code, true]);
    }
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 0, licenses: 0 });
  });

  it('is refused for a challenge that was made up, or was given too long ago', async () => {
    const takes = await authority.openJob({ accepts: ['DONE-UNPROVEN'] });
    const old = { station: await authority.challenge(opened), unit: await authority.challenge(takes) };
    authority.nowMs += 700_000;
    for (const [mode, to] of [['license', opened] as const, ['unit', takes] as const]) {
      const made = crypto.randomBytes(32);
      const given = mode === 'license' ? old.station : old.unit;
      for (const challenge of [made, given]) {
        const { answer } = await ask({ holder: holderOf(1), challenge }, mode, to);
        expect([mode, answer.body.code]).toEqual([mode, 'challenge-unknown']);
      }
      expect(await authority.showJob(to.job)).toMatchObject({ units: 0 });
    }
  });

  it('ends with the epoch of the station', async () => {
    const { owner, keys } = authority;
    await authority.halt();
    authority.keys = {
      ...keys,
      epochStatement: await owner.epochStatement(1),
      issuerDelegation: await owner.delegate('license-issuer', owner.issuer.publicKey, { epoch: 1 }),
      deviceCaDelegations: [await owner.delegate('device-ca', owner.deviceCa.publicKey, { epoch: 1 })],
    };
    await authority.run();
    const { answer } = await ask({ holder: holderOf(1) });
    expect(answer.body.code).toBe('delegation-revoked');
  });

  it('needs a challenge of this authority, a job of mode station, and room in its quota', async () => {
    const first = await ask({ holder: holderOf(1) });
    const made = await ask({ holder: holderOf(2) }, 'license', { ...opened });
    expect(made.answer.status).toBe(200);
    const full = await ask({ holder: holderOf(3) });
    expect(full.answer.body.code).toBe('quota-exhausted');
    authority.nowMs += 700_000;
    const late = await ask({ holder: holderOf(1) });
    expect(late.answer.status).toBe(200);
    expect(first.answer.body.unitIndex).toBe(late.answer.body.unitIndex);

    const session = await authority.openJob({ seal: { address: flashStart } });
    const wrong = await ask({ holder: holderOf(1) }, 'license', session);
    expect(wrong.answer.body.code).toBe('job-mode-wrong');
    const unit = await ask({ holder: holderOf(1) }, 'unit', session);
    expect(unit.answer.body.code).toBe('job-takes-no-unproven');
    // A chip with an agent gets nothing of a job for stations.
    const chip = await authority.chip();
    expect((await authority.license(opened, chip)).body.code).toBe('job-mode-wrong');
  });

  it('is never for a package that needs an agent', async () => {
    await expect(authority.openJob({ mode: 'station' })).rejects.toThrow('station-package-unfit');
  });
});

describe('a statement', () => {
  it('is kept once, counted apart from receipts, and stands against a void', async () => {
    const given = await ask({ holder: holderOf(1) });
    const failed = await statementOf(given, { result: 'FAILED', cause: 'write-not-done', areaDigests: [] });
    expect((await send(failed, given.delegation)).body).toEqual({ result: 'FAILED', stored: true });
    expect(await authority.showJob(opened.job)).toMatchObject({ stated: { FAILED: 1 } });
    const done = await statementOf(given);
    expect((await send(done, given.delegation)).body).toEqual({ result: 'DONE-UNPROVEN', stored: true });
    expect((await send(done, given.delegation)).body).toEqual({ result: 'DONE-UNPROVEN', stored: false });
    expect(await authority.showJob(opened.job)).toMatchObject({
      ...{ stated: { 'DONE-UNPROVEN': 1 }, installed: 0, receipts: 0, outcomes: {} },
    });
    const path = `/v1/jobs/${opened.job}/units/0/void`;
    const refused = await authority.asOwner('POST', path, { reason: 'lost' });
    expect(refused.body.fields.reason).toBe('a station says that it wrote its chip');
    const audited = await authority.audit();
    expect(audited).toMatchObject({ ok: true });
    expect(audited.jobs[0]).toMatchObject({
      ...{ installed: 0, receipts: 0, stated: { 'DONE-UNPROVEN': 1 }, unitsWithoutReceipt: 1 },
    });
  });

  it('is refused when it says what cannot be, or is that of another station', async () => {
    const given = await ask({ holder: holderOf(1) });
    const wrongs: [string, Partial<OutcomeStatement>][] = [
      ['outcome-wrong', { areaDigests: [] }],
      ['outcome-wrong', { areaDigests: [crypto.randomBytes(32)] }],
      ['outcome-wrong', { protection: { access: 'open', readoutLevel: 0, optionBytes: [] } }],
      ['outcome-wrong', { protection: { access: 'silent', optionBytes: [] } }],
      ['outcome-wrong', { nonce: crypto.randomBytes(32) }],
      ['outcome-wrong', { licenseDigest: crypto.randomBytes(32) }],
      ['outcome-wrong', { contentDigest: crypto.randomBytes(32) }],
      ['outcome-wrong', { stationDigest: crypto.randomBytes(32) }],
      ['outcome-unit-unknown', { unitIndex: 1 }],
      ['outcome-unit-unknown', { holder: holderOf(9) }],
    ];
    for (const [code, more] of wrongs)
      expect((await send(await statementOf(given, more), given.delegation)).body.code, code).toBe(code);
    const done = await statementOf(given);
    const broken = done.slice();
    broken[broken.length - 70]! ^= 1;
    expect((await send(broken, given.delegation)).status).toBe(422);
    const other = await delegate({ name: 'bench-2' });
    expect((await send(done, other)).body.code).toBe('outcome-wrong');
    expect(await authority.showJob(opened.job)).toMatchObject({ stated: {} });
  });

  it('of the chip of a voided unit is an alarm', async () => {
    const given = await ask({ holder: holderOf(1) });
    await authority.asOwner('POST', `/v1/jobs/${opened.job}/units/0/void`, { reason: 'lost' });
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 0, voided: 1, remaining: 2 });
    await send(await statementOf(given), given.delegation);
    const { body } = await authority.asOwner('GET', '/v1/alarms');
    expect(body.alarms).toMatchObject([{ reason: 'outcome-for-voided-unit' }]);
  });

  it('that was forged, changed or taken away in the evidence is named by the audit', async () => {
    const given = await ask({ holder: holderOf(1) });
    await send(await statementOf(given), given.delegation);
    const lines = await authority.evidence();
    const find = (kind: string) => lines.findIndex((line) => JSON.parse(line).kind === kind);
    /** The evidence with one line changed; `undefined` takes it away. */
    const audited = async (kind: string, change: (line: Record<string, string>) => object | undefined) => {
      const at = find(kind);
      const changed = change(JSON.parse(lines[at]!));
      const all = lines.toSpliced(at, 1, ...(changed ? [JSON.stringify(changed)] : []));
      const { findings } = await authority.auditLines(all);
      return findings.map(({ code }) => code);
    };
    const stranger = crypto.generateP256();
    const { manifest } = opened.sealed;
    const forged = await makeOutcome(crypto, signerOf(stranger), {
      ...{ jobId: fromHex(opened.job), unitIndex: 0, holder: holderOf(1), chipId, method: 'station' },
      ...{ stationDigest: crypto.randomBytes(32), result: 'FAILED', cause: 'x', areaDigests: [] },
      ...{ licenseDigest: crypto.randomBytes(32), nonce: crypto.randomBytes(32) },
      ...{ contentDigest: manifest.digest, uninterrupted: true, atSeconds: 1 },
    });
    expect(await audited('outcome', (line) => ({ ...line, statement: toBase64url(forged) }))).toContain(
      'outcome-invalid',
    );
    expect(await audited('outcome', (line) => ({ ...line, result: 'FAILED' }))).toEqual([
      'row-differs',
      'outcome-invalid',
    ]);
    expect(await audited('outcome', () => undefined)).toContain('row-missing');
    expect(await audited('request', () => undefined)).toEqual(
      expect.arrayContaining(['row-missing', 'license-invalid', 'outcome-invalid', 'request-invalid']),
    );
    const ended = await delegate({ notAfterSeconds: dates().notBeforeSeconds + 1 });
    expect(await audited('request', (line) => ({ ...line, delegation: toBase64url(ended) }))).toContain(
      'request-invalid',
    );
  });
});

describe("a unit for ST's installer", () => {
  it('is one of the same quota, and its statement needs no license', async () => {
    opened = await authority.openJob({ quota: 2, accepts: ['DONE-UNPROVEN'] });
    await authority.install(opened, await authority.chip());
    const given = await ask({ holder: holderOf(1) }, 'unit');
    expect(given.answer).toMatchObject({ status: 200, body: { unitIndex: 1, newUnit: true } });
    expect((await ask({ holder: holderOf(1) }, 'unit')).answer.body.newUnit).toBe(false);
    expect((await ask({ holder: holderOf(2) }, 'unit')).answer.body.code).toBe('quota-exhausted');
    const { rootPublicKey } = authority.keys;
    const station = verifyStation(crypto, given.delegation, { rootPublicKey });
    const statement = await makeOutcome(crypto, signerOf(key), {
      ...{ jobId: fromHex(opened.job), unitIndex: 1, holder: holderOf(1), chipId },
      ...{ method: 'vendor-installer', stationDigest: station.digest, result: 'UNKNOWN', cause: 'state' },
      ...{ nonce: crypto.randomBytes(32), contentDigest: crypto.randomBytes(32), areaDigests: [] },
      ...{ uninterrupted: true, atSeconds: 1 },
    });
    expect((await send(statement, given.delegation)).status).toBe(200);
    expect(await authority.showJob(opened.job)).toMatchObject({
      ...{ units: 2, installed: 1, outcomes: { PASS: 1 }, stated: { UNKNOWN: 1 } },
    });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });
});

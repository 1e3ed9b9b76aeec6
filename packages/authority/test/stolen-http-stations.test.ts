// As stolen-http.test.ts, for stations: whoever holds the HTTP process asks the signer for licenses of tier
// C, and gets them for no other station, key or chip than approvers and root signed.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  makeStationDelegation,
  makeStationRequest,
  type StationRequest,
  verifyStation,
} from '@firmseal/station';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ask, IssueRequest, JobTerms } from '../src/signer/issuing-signer.ts';
import { chipId, signerOf } from './owner.ts';
import { ServedSigner } from './served-signer.ts';

let signer: ServedSigner;
beforeAll(async () => {
  signer = await ServedSigner.start();
});
afterAll(() => signer.remove());

const ask = (request: IssueRequest): Promise<string> => signer.ask(request);

const stations = ['hall/bench-1'];
const jobOf = (quota: number, more: Partial<JobTerms> = {}) =>
  signer.job(quota, { mode: 'station', stations, ...more }, { address: 0x0800_0000 });
type Order = Awaited<ReturnType<typeof jobOf>>;

interface Station {
  readonly name?: string;
  readonly key?: ReturnType<typeof crypto.generateP256>;
  /** Of the delegation. */
  readonly root?: ReturnType<typeof crypto.generateP256>;
  readonly notAfterSeconds?: number;
}

async function delegationOf(of: Station) {
  const key = of.key ?? crypto.generateP256();
  const now = signer.nowMs / 1000;
  const { product, root } = signer.owner;
  const delegation = await makeStationDelegation(crypto, signerOf(of.root ?? root), {
    ...{ publicKey: key.publicKey, product, name: of.name ?? stations[0]!, epoch: 0 },
    ...{ notBeforeSeconds: now - 60, notAfterSeconds: of.notAfterSeconds ?? now + 3600 },
  });
  return { key, delegation };
}

/** As the HTTP process asks for a station. */
async function requestOf(
  { job, sealed, approvals }: Order,
  of: Station = {},
  { signedBy, ...more }: Partial<StationRequest> & { signedBy?: Station['key'] } = {},
): Promise<IssueRequest & { ask: Extract<Ask, { kind: 'station' }> }> {
  const { key, delegation } = await delegationOf(of);
  const rootPublicKey = (of.root ?? signer.owner.root).publicKey;
  const challenge = crypto.randomBytes(32);
  const request = await makeStationRequest(crypto, signerOf(signedBy ?? key), {
    ...{ purpose: 'license', jobId: job.jobId, challenge, nonce: crypto.randomBytes(16), chipId },
    stationDigest: verifyStation(crypto, delegation, { rootPublicKey }).digest,
    ...{ holder: crypto.randomBytes(32), manifestDigest: sealed.manifest.digest },
    ...{ kemKey: crypto.generateP256().publicKey, ...more },
  });
  const { header, contentKeyFile } = sealed;
  return {
    ...{ job, approvals, header, contentKeyFile, unitIndex: 0 },
    ask: { kind: 'station', request, delegation, challenge },
  };
}

describe('a request that was made up is refused', () => {
  it.each<[string, string, Station, Parameters<typeof requestOf>[2]?]>([
    ['for a station that the order does not list', 'job-station-refused', { name: 'hall/bench-2' }],
    ['for a station of another site', 'job-station-refused', { name: 'yard/bench-1' }],
    [
      'for a station that another root named',
      'station-delegation-signature-invalid',
      { root: crypto.generateP256() },
    ],
    ['for a station whose time is over', 'station-delegation-expired', { notAfterSeconds: 1_799_999_990 }],
    ['signed by another key', 'station-request-signature-invalid', {}, { signedBy: crypto.generateP256() }],
    ['for another job', 'station-request-wrong', {}, { jobId: crypto.randomBytes(16) }],
    ['for another package', 'station-request-wrong', {}, { manifestDigest: crypto.randomBytes(32) }],
    ['over another challenge', 'station-request-wrong', {}, { challenge: crypto.randomBytes(32) }],
  ])('%s', async (_, code, station, more) => {
    const order = await jobOf(1);
    expect(await ask(await requestOf(order, station, more))).toBe(code);
    // Nothing was counted for it.
    expect(await ask(await requestOf(order))).toBe('issued');
  });

  it('for a job of another mode, or with another list of stations', async () => {
    const session = await signer.job(1, { stations }, { address: 0x0800_0000 });
    expect(await ask(await requestOf(session))).toBe('job-mode-wrong');
    const order = await jobOf(1);
    const request = await requestOf(order, { name: 'hall/bench-2' });
    const more = { ...request.job, stations: [...stations, 'hall/bench-2'] };
    expect(await ask({ ...request, job: more })).toBe('approvals-missing');
  });

  it('for a station or a site that was stopped', async () => {
    const order = await jobOf(1);
    for (const name of ['hall/bench-1', 'hall/*']) {
      await signer.client.setStop({ kind: 'station', name, reason: 'lost', atMs: signer.nowMs });
      expect(await ask(await requestOf(order))).toBe('issue-stopped');
      await signer.client.liftStop({ kind: 'station', name });
    }
    expect(await ask(await requestOf(order))).toBe('issued');
  });
});

it('what the approvers signed is the limit, under any unit and any key of the station', async () => {
  const order = await jobOf(1);
  const holder = crypto.randomBytes(32);
  expect(await ask(await requestOf(order, {}, { holder }))).toBe('issued');
  for (const unitIndex of [0, 1, 7])
    expect(await ask({ ...(await requestOf(order)), unitIndex })).toBe('signer-quota-exhausted');
  expect(await ask(await requestOf(order, {}, { holder }))).toBe('issued');
});

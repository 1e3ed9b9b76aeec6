// What each call of the interface does, by its name in packages/authority-contract. Requests and answers are
// made and read there; scopes and limits are held by routes.ts and gate.ts.

import type { CallAnswer, CallInput, CallName } from '@firmseal/authority-contract';
import { Fault, type FaultCode } from '@firmseal/fault';
import { acknowledgeAlarm, listAlarms, showAlarm } from '../service/alarms.ts';
import { type Authority, requireProduct } from '../service/authority.ts';
import { licenseRecords, signBatch } from '../service/batches.ts';
import { keepBoard, listBoards } from '../service/boards.ts';
import { giveChallenge } from '../service/challenges.ts';
import { warnIfFew } from '../service/few-units.ts';
import { findUnits } from '../service/found-units.ts';
import { giveApproval } from '../service/given-approval.ts';
import { listIdentities, storeIdentity } from '../service/identities.ts';
import { fetchJobEnd } from '../service/job-end.ts';
import { addPackage, approveJob, closeJob, listJobs, openJob, setRollout, showJob } from '../service/jobs.ts';
import { releaseTogether, releaseWithProof } from '../service/ledger-release.ts';
import { licenseDevice } from '../service/licensing.ts';
import { storeReceipt } from '../service/receipts.ts';
import { answerFloor, recordRecovery } from '../service/recoveries.ts';
import type { Turn } from '../service/repeats.ts';
import { rewrapContentKey, rewrapKeys } from '../service/rewrap.ts';
import { showReceipt } from '../service/shown-receipt.ts';
import { certifyDevice, giveSiteChallenge, listSites, setSiteCap } from '../service/site-certifying.ts';
import { licenseStation, storeOutcome, takeStationUnit } from '../service/stations.ts';
import { liftStop, listStops, setStop } from '../service/stops.ts';
import { createToken, listTokens, revokeToken } from '../service/tokens.ts';
import { listUnits, voidUnit } from '../service/units.ts';
import { addWebhook, listWebhooks, removeWebhook } from '../service/webhooks.ts';
import { whoAmI } from '../service/who-am-i.ts';
import type { TokenRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import type { HealthProbe } from './health.ts';

/** Calls whose answer is one JSON value. */
export type AnsweredCall = Exclude<CallName, 'exportEvidence'>;

/** `by`: id of the token that asks; `token`: the token, for calls that ask for one. */
export type Handlers = {
  readonly [N in AnsweredCall]: (
    input: CallInput<N>,
    by: string,
    turn: Turn,
    token: TokenRecord,
  ) => Promise<CallAnswer<N>>;
};

const pageSize = 100;
/**
 * A unit is shown with what its certificate and its newest receipt say: fewer, so
 * that others are served soon.
 */
const unitPageSize = 40;

/** One item more than asked for is read, which says whether there is more. */
async function paged<T>(
  { from = 0, limit = pageSize }: { from?: number | undefined; limit?: number | undefined },
  read: (page: Page) => Promise<T[]>,
): Promise<{ items: T[]; more: boolean }> {
  const items = await read({ from, limit: limit + 1 });
  return { items: items.slice(0, limit), more: items.length > limit };
}

/** An earlier turn of the same request did what it asked for: that is an answer, not a refusal. */
async function orDone<T>(work: Promise<T>, code: FaultCode | false, answer: () => Promise<T>): Promise<T> {
  return work.catch((fault: unknown) => {
    if (code !== false && fault instanceof Fault && fault.code === code) return answer();
    throw fault;
  });
}

export function createHandlers(authority: Authority, health: HealthProbe): Handlers {
  return {
    giveHelloChallenge: async ({ job }) => ({ challenge: await giveChallenge(authority, job, 'hello') }),
    giveReceiptChallenge: async ({ job }) => ({ challenge: await giveChallenge(authority, job, 'receipt') }),
    issueLicense: async ({ job, ...request }, _, __, { station }) => {
      const issued = await licenseDevice(authority, { ...request, jobId: job, station });
      await warnIfFew(authority, job, [issued]);
      const { bundle, licenseId, unitIndex, newUnit } = issued;
      return { bundle, licenseId, unitIndex, newUnit, ...(await releaseWithProof(authority, job, issued)) };
    },
    issueStationLicense: async ({ job, ...ask }) => {
      const issued = await licenseStation(authority, { ...ask, jobId: job });
      await warnIfFew(authority, job, [issued]);
      const { bundle, licenseId, unitIndex, newUnit } = issued;
      return { bundle, licenseId, unitIndex, newUnit, ...(await releaseWithProof(authority, job, issued)) };
    },
    takeStationUnit: async ({ job, ...ask }) => {
      const taken = await takeStationUnit(authority, { ...ask, jobId: job });
      await warnIfFew(authority, job, [taken]);
      return taken;
    },
    storeOutcome: ({ job, ...delivery }) => storeOutcome(authority, { ...delivery, jobId: job }),
    storeReceipt: async ({ job, ...request }) => {
      const stored = await storeReceipt(authority, { ...request, jobId: job });
      const { accepted, outcome, fresh, jobId } = stored;
      return { accepted, outcome, fresh, job: jobId };
    },
    licenseRecords: async ({ job, ...request }) => {
      const { manifestDigest, licenses } = await licenseRecords(authority, { ...request, jobId: job });
      await warnIfFew(authority, job, licenses);
      await releaseTogether(authority, job, licenses);
      return {
        manifestDigest,
        licenses: licenses.map(({ thumbprint, licenseId, unitIndex, bundle, newUnit }) => ({
          ...{ thumbprint, licenseId, unitIndex, bundle, newUnit },
        })),
      };
    },
    signBatch: ({ job, ...request }) => signBatch(authority, { ...request, jobId: job }),
    recoveryFloor: (device) => answerFloor(authority, device),
    recordRecovery: (request, by) => recordRecovery(authority, { ...request, by }),
    rewrapKeys: (request, by) => rewrapKeys(authority, { ...request, by }),
    rewrapContentKey: (files) => rewrapContentKey(authority, files),
    openJob: ({ mode = 'session', deviceData = [], ...request }, by, { draw }) =>
      openJob(authority, { ...request, mode, deviceData, by, draw }),
    listJobs: async (page) => {
      const { items, more } = await paged(page, (one) => listJobs(authority, one));
      return { jobs: items, more };
    },
    showJob: ({ job }) => showJob(authority, job),
    listUnits: async ({ job, from, limit = unitPageSize }) => {
      const { items, more } = await paged({ from, limit }, (one) => listUnits(authority, job, one));
      return { units: items, more };
    },
    addPackage: ({ job, ...files }, by, { again }) =>
      orDone(addPackage(authority, { ...files, jobId: job, by }), again && 'job-package-repeated', () =>
        showJob(authority, job),
      ),
    approveJob: ({ job }, by) => approveJob(authority, job, by),
    closeJob: ({ job }, by, { again }) =>
      orDone(closeJob(authority, job, by), again && 'job-closed', async () => {
        await fetchJobEnd(authority, job); // the earlier turn may have broken off before it
        return showJob(authority, job);
      }),
    setRollout: ({ job, ...change }, by) => setRollout(authority, { ...change, jobId: job, by }),
    setSiteCap: (request, by) => setSiteCap(authority, { ...request, by }),
    listSites: async (page) => {
      const { items, more } = await paged(page, (one) => listSites(authority, one));
      return { sites: items, more };
    },
    giveSiteChallenge: ({ product }, _, __, token) => giveSiteChallenge(authority, product, token),
    listDeviceCas: async ({ product }) => ({
      delegations: [...requireProduct(authority, product).deviceCaDelegations],
    }),
    certifyDevice: (request, _, __, token) => certifyDevice(authority, request, token),
    setStop: (request, by) => setStop(authority, { ...request, by }),
    liftStop: async (request, by) => ({ lifted: await liftStop(authority, { ...request, by }) }),
    listStops: async (page) => {
      const { items, more } = await paged(page, (one) => listStops(authority, one));
      return { stops: items, more };
    },
    addWebhook: (request, by, { draw }) => addWebhook(authority, { ...request, by, draw }),
    listWebhooks: async () => ({ webhooks: await listWebhooks(authority) }),
    removeWebhook: (request, by, { again }) => {
      const done = async () => ({ removed: true as const });
      return orDone(
        removeWebhook(authority, { ...request, by }).then(done),
        again && 'webhook-unknown',
        done,
      );
    },
    giveApproval: (request, by) => giveApproval(authority, { ...request, by }),
    fetchJobEnd: ({ job }) => fetchJobEnd(authority, job),
    voidUnit: async ({ job, unit, reason }, by, { again }) => {
      const [held] = again ? await authority.store.listUnits(job, { from: unit, limit: 1 }) : [];
      const isDone = held?.unitIndex === unit && held.voided?.reason === reason;
      return orDone(
        voidUnit(authority, { jobId: job, unitIndex: unit, reason, by }),
        isDone && 'unit-not-voidable',
        () => showJob(authority, job),
      );
    },
    createLineToken: ({ job, ...request }, by, { draw }) =>
      createToken(authority, { ...request, scope: 'line', jobId: job, by, draw }),
    createToken: (request, by, { draw }) => createToken(authority, { ...request, by, draw }),
    storeIdentity: ({ record }) => storeIdentity(authority, record),
    listIdentities: async (page) => {
      const { items, more } = await paged(page, (one) => listIdentities(authority, one));
      return { identities: items.filter((one) => one !== undefined), more };
    },
    listTokens: async (page) => {
      const { items, more } = await paged(page, (one) => listTokens(authority, one));
      return { tokens: items, more };
    },
    revokeToken: ({ token }, by, { again }) => {
      const done = async () => ({ revoked: true as const });
      return orDone(revokeToken(authority, token, by).then(done), again && 'token-unknown', done);
    },
    listAlarms: async (page) => {
      const { items, more } = await paged(page, (one) => listAlarms(authority, one));
      return { alarms: items, more };
    },
    acknowledgeAlarm: (request, by, { again }) =>
      orDone(acknowledgeAlarm(authority, { ...request, by }), again && 'alarm-unknown', () =>
        showAlarm(authority, request.alarm),
      ),
    whoAmI: (_, __, ___, token) => whoAmI(authority, token),
    findUnits: async ({ from = 0, limit = unitPageSize, ...search }) => {
      const { units, identities } = await findUnits(authority, search, { from, limit: limit + 1 });
      return { units: units.slice(0, limit), more: units.length > limit, identities };
    },
    showReceipt: ({ receipt }) => showReceipt(authority, receipt),
    listLog: async ({ from = 0, limit = pageSize }) => {
      const entries = await authority.store.readLog(from, limit);
      return { ...(await authority.store.logHead()), entries };
    },
    reportBoard: async ({ job, board }, tokenId) => {
      await keepBoard(authority, { tokenId, jobId: job, board });
      return { kept: true };
    },
    listBoards: () => listBoards(authority),
    health: async () => {
      await health.check();
      return { status: 'ok' };
    },
  };
}

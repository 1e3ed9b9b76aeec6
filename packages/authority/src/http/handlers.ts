// What each call of the interface does, by its name in packages/authority-contract. Requests and answers are
// made and read there; scopes and limits are held by routes.ts and gate.ts.

import type { CallAnswer, CallInput, CallName } from '@firmseal/authority-contract';
import { acknowledgeAlarm, listAlarms } from '../service/alarms.ts';
import type { Authority } from '../service/authority.ts';
import { licenseRecords, signBatch } from '../service/batches.ts';
import { giveChallenge } from '../service/challenges.ts';
import { listIdentities, storeIdentity } from '../service/identities.ts';
import { addPackage, approveJob, closeJob, listJobs, openJob, showJob } from '../service/jobs.ts';
import { licenseDevice } from '../service/licensing.ts';
import { storeReceipt } from '../service/receipts.ts';
import { recordRecovery, recoveryFloor } from '../service/recoveries.ts';
import { licenseStation, storeOutcome, takeStationUnit } from '../service/stations.ts';
import { createToken, listTokens, revokeToken } from '../service/tokens.ts';
import { listUnits, voidUnit } from '../service/units.ts';
import type { Page } from '../store/store.ts';
import type { HealthProbe } from './health.ts';

/** Calls whose answer is one JSON value. */
export type AnsweredCall = Exclude<CallName, 'exportEvidence'>;

/** `by`: id of the token that asks. */
export type Handlers = {
  readonly [N in AnsweredCall]: (input: CallInput<N>, by: string) => Promise<CallAnswer<N>>;
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

export function createHandlers(authority: Authority, health: HealthProbe): Handlers {
  return {
    giveHelloChallenge: async ({ job }) => ({ challenge: await giveChallenge(authority, job, 'hello') }),
    giveReceiptChallenge: async ({ job }) => ({ challenge: await giveChallenge(authority, job, 'receipt') }),
    issueLicense: async ({ job, ...request }) => {
      const issued = await licenseDevice(authority, { ...request, jobId: job });
      const { bundle, licenseId, unitIndex, newUnit } = issued;
      return { bundle, licenseId, unitIndex, newUnit };
    },
    issueStationLicense: async ({ job, ...ask }) => {
      const { bundle, licenseId, unitIndex, newUnit } = await licenseStation(authority, {
        ...{ ...ask, jobId: job },
      });
      return { bundle, licenseId, unitIndex, newUnit };
    },
    takeStationUnit: ({ job, ...ask }) => takeStationUnit(authority, { ...ask, jobId: job }),
    storeOutcome: ({ job, ...delivery }) => storeOutcome(authority, { ...delivery, jobId: job }),
    storeReceipt: async ({ job, ...request }) => {
      const stored = await storeReceipt(authority, { ...request, jobId: job });
      const { accepted, outcome, fresh, jobId } = stored;
      return { accepted, outcome, fresh, job: jobId };
    },
    licenseRecords: async ({ job, ...request }) => {
      const { manifestDigest, licenses } = await licenseRecords(authority, { ...request, jobId: job });
      return {
        manifestDigest,
        licenses: licenses.map(({ thumbprint, licenseId, unitIndex, bundle, newUnit }) => ({
          ...{ thumbprint, licenseId, unitIndex, bundle, newUnit },
        })),
      };
    },
    signBatch: ({ job, ...request }) => signBatch(authority, { ...request, jobId: job }),
    recoveryFloor: (device) => recoveryFloor(authority, device),
    recordRecovery: (request, by) => recordRecovery(authority, { ...request, by }),
    openJob: ({ mode = 'session', deviceData = [], ...request }, by) =>
      openJob(authority, { ...request, mode, deviceData, by }),
    listJobs: async (page) => {
      const { items, more } = await paged(page, (one) => listJobs(authority, one));
      return { jobs: items, more };
    },
    showJob: ({ job }) => showJob(authority, job),
    listUnits: async ({ job, from, limit = unitPageSize }) => {
      const { items, more } = await paged({ from, limit }, (one) => listUnits(authority, job, one));
      return { units: items, more };
    },
    addPackage: ({ job, ...files }, by) => addPackage(authority, { ...files, jobId: job, by }),
    approveJob: ({ job }, by) => approveJob(authority, job, by),
    closeJob: ({ job }, by) => closeJob(authority, job, by),
    voidUnit: ({ job, unit, reason }, by) => voidUnit(authority, { jobId: job, unitIndex: unit, reason, by }),
    createLineToken: ({ job, ...request }, by) =>
      createToken(authority, { ...request, scope: 'line', jobId: job, by }),
    createToken: (request, by) => createToken(authority, { ...request, by }),
    storeIdentity: ({ record }) => storeIdentity(authority, record),
    listIdentities: async (page) => {
      const { items, more } = await paged(page, (one) => listIdentities(authority, one));
      return { identities: items.filter((one) => one !== undefined), more };
    },
    listTokens: async (page) => {
      const { items, more } = await paged(page, (one) => listTokens(authority, one));
      return { tokens: items, more };
    },
    revokeToken: async ({ token }, by) => {
      await revokeToken(authority, token, by);
      return { revoked: true };
    },
    listAlarms: async (page) => {
      const { items, more } = await paged(page, (one) => listAlarms(authority, one));
      return { alarms: items, more };
    },
    acknowledgeAlarm: (request, by) => acknowledgeAlarm(authority, { ...request, by }),
    health: async () => {
      await health.check();
      return { status: 'ok' };
    },
  };
}

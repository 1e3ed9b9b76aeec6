// What a line's programmer calls, with the line token of one job: challenge, license, receipt.

import { toBase64url, toHex } from '@firmseal/bytes';
import type { MiddlewareHandler } from 'hono';
import type { Authority } from '../service/authority.ts';
import { giveChallenge } from '../service/challenges.ts';
import { licenseDevice } from '../service/licensing.ts';
import { storeReceipt } from '../service/receipts.ts';
import { jobPath, licenseBody, parseAs, receiptBody } from './bodies.ts';
import { type Application, type Env, limitBody, readJson, smallBodyBytes } from './gate.ts';

/**
 * POST /v1/jobs/{job}/challenge -> {challenge}
 * POST /v1/jobs/{job}/licenses {hello, certificate, challenge, requestId, manifestDigest?}
 *   -> {bundle, licenseId, unitIndex, newUnit}
 * POST /v1/jobs/{job}/receipt-challenge -> {challenge}
 * POST /v1/jobs/{job}/receipts {licenseId, receipt, challenge?} -> {accepted, outcome, fresh}
 */
export function addLineRoutes(
  application: Application,
  authority: Authority,
  allow: MiddlewareHandler<Env>,
): void {
  const limit = limitBody(smallBodyBytes);
  const job = '/v1/jobs/:job';
  const jobOf = (context: { req: { param: (name: 'job') => string } }) =>
    parseAs(jobPath, context.req.param('job'), 'job');

  application.post(`${job}/challenge`, allow, limit, async (context) =>
    context.json({ challenge: toHex(await giveChallenge(authority, jobOf(context), 'hello')) }),
  );

  application.post(`${job}/licenses`, allow, limit, async (context) => {
    const { manifestDigest, ...body } = parseAs(licenseBody, await readJson(context));
    const issued = await licenseDevice(authority, {
      ...body,
      jobId: jobOf(context),
      ...(manifestDigest ? { manifestDigest } : {}),
    });
    return context.json({
      bundle: toBase64url(issued.bundle),
      licenseId: toHex(issued.licenseId),
      unitIndex: issued.unitIndex,
      newUnit: issued.newUnit,
    });
  });

  application.post(`${job}/receipt-challenge`, allow, limit, async (context) =>
    context.json({ challenge: toHex(await giveChallenge(authority, jobOf(context), 'receipt')) }),
  );

  application.post(`${job}/receipts`, allow, limit, async (context) => {
    const { licenseId, receipt, challenge } = parseAs(receiptBody, await readJson(context));
    const { fresh, outcome, accepted } = await storeReceipt(authority, {
      jobId: jobOf(context),
      licenseId,
      receipt,
      ...(challenge ? { challenge } : {}),
    });
    return context.json({ accepted, outcome, fresh });
  });
}

// Certifying for sites (spec/device.md section 7): what an owner allows a site, and what the
// site asks for with its token.

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';
import { mostItems, pageOf } from './job-view.ts';

/** No slash, which ends it in the name of a station; no asterisk. */
const siteName = z
  .string()
  .regex(
    /^[!-)+-.0-~]{1,30}$/,
    '1 to 30 printable ASCII characters without blank, slash and asterisk are due',
  );

const cap = {
  product: of.product,
  site: siteName,
  /** Certificates in all. */
  cap: z.int().min(0).max(0x7fffffff),
  validUntilMs: of.timeMs,
  /** Of the change: each is higher than the last. */
  number: z.int().min(1).max(0x7fffffff),
} as const;

const siteView = z.object({ ...cap, certified: of.count });
export type SiteView = z.output<typeof siteView>;

export const siteCalls = {
  setSiteCap: call({
    method: 'POST',
    path: '/v1/sites',
    scopes: ['owner', 'approver'],
    about:
      'From now on a site may have so many chips of a product certified, those from before included, until a date. It takes effect when as many approvers as the root asks for have signed exactly this (spec/approval.md kind 7).',
    input: z.strictObject(cap),
    answer: z.object({
      /** False: approvers are missing, and nothing was changed. */
      applied: z.boolean(),
      given: of.count,
      needed: of.count,
    }),
  }),
  listSites: call({
    method: 'GET',
    path: '/v1/sites',
    scopes: ['owner', 'auditor', 'approver'],
    about: 'Lists the sites with their caps and counts, as the signer has them, from the place `from` on.',
    input: z.strictObject(pageOf),
    answer: z.object({ sites: z.array(siteView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: 1_048_576,
  }),
  giveSiteChallenge: call({
    method: 'POST',
    path: '/v1/certificates/challenge',
    scopes: ['site'],
    about:
      'Gives a challenge that a chip answers when it makes its keys, within ten minutes. Refuses where no chip would be certified for the site of the token.',
    input: z.strictObject({ product: of.product }),
    answer: z.object({ challenge: of.challenge }),
  }),
  listDeviceCas: call({
    method: 'GET',
    path: '/v1/device-cas',
    scopes: ['site', 'owner', 'auditor'],
    about: 'The delegations of the device CAs whose certificates are taken for a product.',
    input: z.strictObject({ product: of.product }),
    answer: z.object({ delegations: z.array(of.delegation).max(64) }),
    mostAnswerBytes: 131_072,
  }),
  certifyDevice: call({
    method: 'POST',
    path: '/v1/certificates',
    scopes: ['site'],
    about:
      'Certifies the new keys of a chip, which counts against the cap of the site of the token. The hello proves them over the challenge. The same keys get the same certificate again, which is not counted twice.',
    input: z.strictObject({
      product: of.product,
      chip: z.string().regex(/^[!-~]{1,32}$/, '1 to 32 printable ASCII characters are due'),
      /** Its number (spec/device.md section 1). */
      origin: z.int().min(1).max(7),
      signingKey: of.publicKey,
      kemKey: of.publicKey,
      hello: of.hello,
      challenge: of.challenge,
    }),
    answer: z.object({ certificate: of.certificate, thumbprint: of.digest }),
  }),
} as const;

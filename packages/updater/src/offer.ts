// The description of an update that an owner publishes (update.json): whose devices it is for, where its
// package and licenses are. docs/updater.md lists the fields. In the offline page it stands inside of the
// HTML, with package and licenses in it. Everything in it is public.

import { readAuthorityAddress } from '@firmseal/authority-client';
import { publicTokenMark } from '@firmseal/authority-contract';
import { type Bytes, fromBase64url } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { isProductName } from '@firmseal/formats';
import * as z from 'zod/mini';

export const offerFormat = 'firmseal-update-1';
/** Of the script element that holds the description in a page. */
export const offerScriptType = 'application/firmseal-update+json';

const mostTextLength = 200;
const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const base64 = z.pipe(
  z.string(),
  z.transform((text, context): Bytes => {
    const bytes = fromBase64url(text);
    if (bytes !== undefined) return bytes;
    context.issues.push({ code: 'custom', message: 'no base64url', input: text });
    return z.NEVER;
  }),
);
/** Nothing but a public token is ever in a description. */
const publicToken = new RegExp(`^${publicTokenMark}[A-Za-z0-9_-]{12,124}$`);
const address = z.string().check(z.minLength(1), z.maxLength(2048));
function isAuthorityAddress(url: string): boolean {
  try {
    return readAuthorityAddress(url) !== '';
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
const text = z.string().check(z.maxLength(mostTextLength));

const shape = z.strictObject({
  format: z.literal(offerFormat),
  product: z.string().check(z.refine(isProductName)),
  /** For people; the product's name without it. */
  title: z.optional(text),
  /** Whom a person asks: an address of mail or web, shown as text. */
  contact: z.optional(text),
  /** SEC 1 uncompressed. */
  rootKey: base64.check(z.refine((bytes: Bytes) => bytes.length === 65, 'no point of 65 bytes')),
  deviceCaDelegation: base64,
  /** Relative addresses start from that of the description. */
  package: z.union([z.strictObject({ url: address }), z.strictObject({ bytes: base64 })]),
  /** A folder of THUMBPRINT.license, or the licenses by thumbprint. */
  licenses: z.optional(
    z.union([z.strictObject({ url: address }), z.strictObject({ bytes: z.record(digest, base64) })]),
  ),
  /** Gives the licenses instead and keeps the receipts: a job of mode update, with its public token. */
  authority: z.optional(
    z.strictObject({
      url: address.check(z.refine(isAuthorityAddress, 'no https address of an authority')),
      job: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
      token: z.string().check(z.regex(publicToken)),
    }),
  ),
  /** Versions of earlier packages by the digest of their manifest. */
  earlier: z.optional(z.record(digest, text)),
});

export type UpdateOffer = z.infer<typeof shape>;

function refuseTwoSources(offer: UpdateOffer, file: string): UpdateOffer {
  if (offer.licenses === undefined || offer.authority === undefined) return offer;
  throw new Fault('update-offer-invalid', { file, problem: 'it names licenses and an authority' });
}

/** Whether the text can be the token of a job of mode update. */
export const isPublicToken = (text: string): boolean => publicToken.test(text);

/** `file`: for the fault's text. Throws `update-offer-invalid`. */
export function readOffer(json: string, file: string): UpdateOffer {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Fault('update-offer-invalid', { file, problem: 'it is no JSON' }, { cause });
  }
  const read = shape.safeParse(value);
  if (read.success) return refuseTwoSources(read.data, file);
  const [first] = read.error.issues;
  const where = first?.path.join('.') || 'the whole';
  throw new Fault('update-offer-invalid', { file, problem: `${where} is not what it has to be` });
}

/** The JSON inside of a page that `firmseal updater build` wrote; undefined when the page has none inside. */
export function offerOfPage(html: string): string | undefined {
  const start = `<script type="${offerScriptType}">`;
  const from = html.indexOf(start);
  const to = html.indexOf('</script>', from);
  return from < 0 || to < 0 ? undefined : html.slice(from + start.length, to);
}

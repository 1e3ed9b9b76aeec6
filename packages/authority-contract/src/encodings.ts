// How values stand in the JSON of the interface. Each codec works in both directions: the side that receives
// decodes and checks, the side that sends encodes. Ids, digests and challenges are lower-case hexadecimal,
// objects are base64url without padding; times are milliseconds since 1970, UTC.

import { type Bytes, fromBase64url, fromHex, toBase64url, toHex } from '@firmseal/bytes';
import * as z from 'zod/mini';

const bytes = z.custom<Bytes>((value) => value instanceof Uint8Array);

/** Of each codec of bytes: what it takes to encode, without the text that it would make. */
const values = new WeakMap<z.core.$ZodType, z.core.$ZodType>();

function withValue<T extends z.core.$ZodType>(codec: T, isValue: (value: Uint8Array) => boolean): T {
  values.set(
    codec,
    z.custom<Bytes>((value) => value instanceof Uint8Array && isValue(value)),
  );
  return codec;
}

/** What the field of a line takes to encode: for bytes a schema that makes no text of them. */
export function valueSchema(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod;
  if (def.type === 'optional') return z.optional(valueSchema((def as z.core.$ZodOptionalDef).innerType));
  return values.get(schema) ?? schema;
}

/** Exactly `sizeBytes` bytes as lower-case hexadecimal. */
const hexBytes = (sizeBytes: number) =>
  withValue(
    z.codec(
      z
        .string()
        .check(
          z.regex(/^[0-9a-f]*$/, 'lower-case hexadecimal is due'),
          z.length(2 * sizeBytes, `${2 * sizeBytes} hexadecimal digits are due`),
        ),
      bytes,
      { decode: (text) => fromHex(text), encode: (value) => toHex(value) },
    ),
    (value) => value.length === sizeBytes,
  );

/** 1 to `mostBytes` bytes as base64url without padding (RFC 4648 section 5). */
export const base64Bytes = (mostBytes: number) =>
  withValue(
    z.codec(z.string().check(z.minLength(1), z.maxLength(Math.ceil((mostBytes * 4) / 3))), bytes, {
      decode: (text, context) => {
        const value = fromBase64url(text);
        if (value !== undefined) return value;
        context.issues.push({ code: 'custom', input: text, message: 'base64url without padding is due' });
        return z.NEVER;
      },
      encode: (value) => toBase64url(value),
    }),
    (value) => value.length >= 1 && value.length <= mostBytes,
  );

/** A number in a path or a query: decimal digits. */
export const decimal = (most: number) =>
  z.codec(
    z.string().check(z.regex(/^(0|[1-9][0-9]{0,9})$/, 'a decimal number is due')),
    z.int().check(z.minimum(0), z.maximum(most, `at most ${most} is allowed`)),
    { decode: (text) => Number(text), encode: (value) => String(value) },
  );

/**
 * Text that is shown to people. Control characters and changes of direction could forge lines of a terminal.
 */
export const shownText = (mostLength: number) =>
  z
    .string()
    .check(
      z.maxLength(mostLength),
      z.regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'text without control characters is due'),
    );

/** Name that an owner gives to a token, or a reason that he writes down. */
export const label = z.string().check(z.regex(/^[ -~]{1,64}$/, '1 to 64 printable ASCII characters are due'));
export const reason = z
  .string()
  .check(z.regex(/^[ -~]{1,200}$/, '1 to 200 printable ASCII characters are due'));

/** Name of a product: printable ASCII, also in a path. */
export const product = z
  .string()
  .check(z.regex(/^[!-~]{1,32}$/, '1 to 32 printable ASCII characters are due'));

/** Name of a station, as its delegation or the token of its line has it. */
export const stationName = z
  .string()
  .check(
    z.regex(/^[!-)+-~]{1,32}$/, '1 to 32 printable ASCII characters without blank and asterisk are due'),
  );
/** Such a name, or `SITE/*` for every station of a site. */
export const stationOrSite = z
  .string()
  .check(
    z.maxLength(32),
    z.regex(/^[!-)+-~]+(?:(?<=\/)\*)?$/, 'the name of a station is due, or SITE/* for all of a site'),
  );

export const count = z.int().check(z.minimum(0));
export const timeMs = z.int().check(z.minimum(0));

export const jobId = hexBytes(16);
export const licenseId = hexBytes(16);
export const digest = hexBytes(32);
export const challenge = hexBytes(32);
/** SEC 1 uncompressed point. */
export const publicKey = hexBytes(65);
/** First 8 bytes of the hash of a token: its name, which is no secret. */
export const tokenId = z.string().check(z.regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits are due'));

/** Objects of the specification in JSON, bounded as spec/encoding.md section 3 says. */
export const packageHeader = base64Bytes(4096);
export const contentKeyFile = base64Bytes(256);
export const certificate = base64Bytes(1024);
export const hello = base64Bytes(1024);
export const licenseBundle = base64Bytes(4096);
export const receipt = base64Bytes(2048);
/** The payload, its shell and its signature. */
export const identityRecord = base64Bytes(4300);
export const recoveryBundle = base64Bytes(4096);
export const batchList = base64Bytes(1024);
export const delegation = base64Bytes(1024);
export const stationDelegation = base64Bytes(1024);
export const stationRequest = base64Bytes(1024);
export const outcomeStatement = base64Bytes(2048);
/** The payload, its shell and its signature. */
export const approval = base64Bytes(1280);
export const jobEnd = base64Bytes(512);
/** Text of a proof (spec/ledger.md section 6) as bytes. */
export const ledgerProof = base64Bytes(16_384);

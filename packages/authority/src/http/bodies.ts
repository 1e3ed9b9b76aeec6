// The bodies that the routes take, as closed zod shapes, and the encodings in them: ids, digests and
// challenges as lower-case hexadecimal, objects as base64url without padding. Limits are those of
// spec/encoding.md section 3, with their wrapping.

import { type Bytes, fromBase64url, fromHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { weaknesses } from '@firmseal/license';
import { z } from 'zod';

const hex = (sizeBytes: number) =>
  z
    .string()
    .regex(/^[0-9a-f]*$/, 'lower-case hexadecimal is due')
    .length(2 * sizeBytes)
    .transform((text): Bytes => fromHex(text));

const base64url = (mostBytes: number) =>
  z
    .string()
    .min(1)
    .max(Math.ceil((mostBytes * 4) / 3))
    .transform((text, context): Bytes => {
      const bytes = fromBase64url(text);
      if (bytes !== undefined) return bytes;
      context.addIssue('base64url without padding is due');
      return z.NEVER;
    });

const header = base64url(4096);
const contentKeyFile = base64url(256);
const label = z.string().regex(/^[ -~]{1,64}$/, '1 to 64 printable ASCII characters are due');

export const jobPath = hex(16);

export const jobBody = z.strictObject({
  header,
  contentKeyFile,
  quota: z.int().min(1).max(0x7fffffff),
  mode: z.enum(['session', 'standing']).default('session'),
  accepts: z.array(z.enum(weaknesses)).max(weaknesses.length).default([]),
  deviceData: z
    .array(z.array(base64url(1024)).max(8))
    .max(100_000)
    .default([]),
});

export const packageBody = z.strictObject({ header, contentKeyFile });

export const jobTokenBody = z.strictObject({ label });

export const tokenBody = z.strictObject({ scope: z.enum(['owner', 'auditor']), label });

export const licenseBody = z.strictObject({
  hello: base64url(1024),
  certificate: base64url(1024),
  challenge: hex(32),
  requestId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 of A-Z a-z 0-9 _ - are due'),
  manifestDigest: hex(32).optional(),
});

export const receiptBody = z.strictObject({
  licenseId: hex(16),
  receipt: base64url(2048),
  challenge: hex(32).optional(),
});

const decimal = (most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,10}$/, 'a decimal number is due')
    .transform(Number)
    .pipe(z.number().max(most));

export const logQuery = z.strictObject({
  from: decimal(0x7fffffff).default(0),
  limit: decimal(1000).default(200),
});

export const auditQuery = z.strictObject({
  knownSize: decimal(0x7fffffff).optional(),
  knownHead: hex(32).optional(),
});

/**
 * The value in the shape, or `body-invalid` naming the first field that is wrong; the
 * value itself is never repeated.
 */
export function parseAs<S extends z.ZodType>(schema: S, value: unknown, what = 'body'): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Fault('body-invalid', { field: path.length > 0 ? path.join('.') : what, problem: message });
}

// Requests to the crypto runner (crypto_runner.c), and its answers, as bytes; the same for every build of it.

import { concatBytes } from '@firmseal/bytes';

const operations = {
  sha256: 1,
  verify: 2,
  sign: 3,
  public: 4,
  check: 5,
  ecdh: 6,
  gcmOpen: 7,
  hmac: 8,
  hkdf: 9,
  hpkeOpen: 10,
} as const;

/**
 * Fields by operation: sha256 (message); verify (point, message, signature); sign (scalar, message, hedge);
 * public (scalar); check (point); ecdh (scalar, point); gcmOpen (key, nonce, aad, ciphertext, tag);
 * hmac (key, message); hkdf (salt, ikm, info, length in one byte); hpkeOpen (private key, public key,
 * enc, info, aad, ciphertext with tag).
 */
export type Request = { operation: keyof typeof operations; fields: readonly Uint8Array[] };

/** `accepted`: FS_OK. `bytes`: the result; of gcmOpen what is in the buffer, refused or not. */
export type Answer = { accepted: boolean; bytes: Uint8Array };

const le16 = (value: number) => Uint8Array.of(value & 0xff, value >> 8);

export const encodeRequest = ({ operation, fields }: Request): Uint8Array =>
  concatBytes(
    Uint8Array.of(operations[operation], fields.length),
    ...fields.flatMap((field) => [le16(field.length), field]),
  );

/**
 * Reads one answer; the rest of the stream beside it. Throws when the runner called the request malformed.
 */
export function decodeAnswer(stream: Uint8Array): { answer: Answer; rest: Uint8Array } {
  const [status, low, high] = stream;
  if (high === undefined) throw new Error('the runner ended early');
  if (status! > 1) throw new Error('the runner takes no such request');
  const length = low! | (high << 8);
  const bytes = stream.slice(3, 3 + length);
  if (bytes.length !== length) throw new Error('the runner ended early');
  return { answer: { accepted: status === 1, bytes }, rest: stream.subarray(3 + length) };
}

/** Reads `count` answers, which have to be the whole stream. */
export function decodeAnswers(stream: Uint8Array, count: number): Answer[] {
  let rest = stream;
  const answers = Array.from({ length: count }, () => {
    const next = decodeAnswer(rest);
    rest = next.rest;
    return next.answer;
  });
  if (rest.length > 0) throw new Error('the runner said more than it was asked');
  return answers;
}

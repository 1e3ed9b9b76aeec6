// What a job asks of the ledger before a license leaves: spec/ledger.md section 9. Which ledger, and how many
// of which witnesses must have cosigned. An approver signs the hash of these bytes.

import { type Bytes, toHex, utf8 } from '@firmseal/bytes';
import { arrayOf, decodeCbor, encodeCbor, integer, oneOf, textString, tuple } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import type { LedgerTrust } from './checkpoint.ts';
import { formatNoteKey, parseNoteKey } from './note.ts';
import type { Hashing } from './tree.ts';

export const ledgerPolicySizeBytesAtMost = 8192;
/** Witnesses that one policy names. */
export const mostPolicyWitnesses = 16;
/** Letters of a verifier key: name, id, key. */
export const noteKeyLengthAtMost = 384;

/** The same as texts: verifier keys, `NAME+ID+KEY`. */
export interface LedgerPolicyTexts {
  readonly log: string;
  readonly witnesses: readonly string[];
  readonly least: number;
}

const keyText = textString(1, noteKeyLengthAtMost);
const shape = tuple(
  oneOf(1),
  keyText,
  integer(0, mostPolicyWitnesses),
  arrayOf(keyText, 0, mostPolicyWitnesses),
);

const malformed = (problem: string) => new Fault('ledger-policy-malformed', { problem });

/** Throws `note-key-malformed`, `ledger-policy-malformed` for keys of the wrong kind or too few witnesses. */
function trustOf(crypto: Hashing, { log, witnesses, least }: LedgerPolicyTexts): LedgerTrust {
  const what = 'A key of the ledger policy';
  const trust = {
    log: parseNoteKey(crypto, log, what),
    witnesses: witnesses.map((text) => parseNoteKey(crypto, text, what)),
    least,
  };
  if (trust.log.kind !== 'log') throw malformed('the key of its ledger is not of kind "log"');
  if (trust.witnesses.some(({ kind }) => kind !== 'witness'))
    throw malformed('the key of one of its witnesses is not of kind "witness"');
  const distinct = new Set(trust.witnesses.map(({ publicKey }) => publicKey.join()));
  if (distinct.size !== witnesses.length) throw malformed('it names a witness twice');
  if (least > witnesses.length)
    throw malformed(`it asks for ${least} cosignatures of ${witnesses.length} witnesses`);
  return trust;
}

/** By the bytes of UTF-8. */
const isBelow = (a: string, b: string) => toHex(utf8(a)) < toHex(utf8(b));

/** Deterministic: the witnesses stand in ascending order. Throws as decodeLedgerPolicy. */
export function encodeLedgerPolicy(crypto: Hashing, { log, witnesses, least }: LedgerPolicyTexts): Bytes {
  const trust = trustOf(crypto, { log: log.trim(), witnesses: witnesses.map((one) => one.trim()), least });
  const text = (key: LedgerTrust['log']) => formatNoteKey(crypto, key);
  return encodeCbor([
    1,
    text(trust.log),
    least,
    trust.witnesses.map(text).sort((a, b) => (isBelow(a, b) ? -1 : 1)),
  ]);
}

/** Throws `ledger-policy-malformed`, `note-key-malformed`. */
export function decodeLedgerPolicy(crypto: Hashing, bytes: Uint8Array): LedgerTrust {
  const { log, witnesses, least } = textsOfLedgerPolicy(bytes);
  const rises = witnesses.every((one, i) => i === 0 || isBelow(witnesses[i - 1]!, one));
  if (!rises) throw malformed('its witnesses are not in ascending order');
  return trustOf(crypto, { log, witnesses, least });
}

/** For display: nothing of the keys is checked. Throws `ledger-policy-malformed`. */
export function textsOfLedgerPolicy(bytes: Uint8Array): LedgerPolicyTexts {
  if (bytes.length > ledgerPolicySizeBytesAtMost) throw malformed('it is too long');
  try {
    const [, log, least, witnesses] = shape(
      decodeCbor(bytes, { maxBytes: ledgerPolicySizeBytesAtMost }),
      'ledger policy',
    );
    return { log, least, witnesses };
  } catch (cause) {
    throw new Fault('ledger-policy-malformed', { problem: 'it has another form' }, { cause });
  }
}

// Signed notes (c2sp.org/signed-note): a text, an empty line, and lines with signatures. Two kinds of keys:
// Ed25519 over the text (type 1), by which ledgers sign, and cosignatures of witnesses with their time
// (type 4, c2sp.org/tlog-cosignature).

import { type Bytes, concatBytes, equalBytes, utf8 } from '@firmseal/bytes';
import type { Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { fromBase64, toBase64 } from './base64.ts';
import type { Hashing } from './tree.ts';

const types = { log: 1, witness: 4 } as const;
export type NoteKeyKind = keyof typeof types;

/** A public key with the name that its signatures carry. */
export interface NoteKey {
  readonly kind: NoteKeyKind;
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Whoever holds the private key: a key file, a token. */
export interface NoteSigner {
  readonly key: NoteKey;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export interface NoteSignature {
  readonly name: string;
  /** First 4 bytes: id of the key. */
  readonly bytes: Bytes;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const idSizeBytes = 4;
const noteSizeBytesAtMost = 65_536;
const signaturesAtMost = 32;

/** Not empty, no white space, no plus, nothing that a terminal would obey. */
export const isNoteName = (name: string): boolean =>
  /^[^\s+\p{Cc}\p{Cf}\p{Z}]{1,128}$/u.test(name) && new TextEncoder().encode(name).length <= 255;

const keyBody = ({ kind, publicKey }: NoteKey): Bytes => concatBytes(Uint8Array.of(types[kind]), publicKey);

/** SHA-256(name || newline || type || public key), its first 4 bytes. */
export const noteKeyId = (crypto: Hashing, key: NoteKey): Bytes =>
  crypto.sha256(concatBytes(utf8(`${key.name}\n`), keyBody(key))).slice(0, idSizeBytes);

const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** `NAME+ID+KEY`, the form in which keys of notes are passed on. */
export const formatNoteKey = (crypto: Hashing, key: NoteKey): string =>
  `${key.name}+${hexOf(noteKeyId(crypto, key))}+${toBase64(keyBody(key))}`;

/** Throws `note-key-malformed`; `what` names the text in its sentence. */
export function parseNoteKey(crypto: Hashing, text: string, what: string): NoteKey {
  const malformed = (problem: string) => new Fault('note-key-malformed', { what, problem });
  const [, name, id, body] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  if (name === undefined || body === undefined) throw malformed('it is not NAME+ID+KEY');
  if (!isNoteName(name)) throw malformed('its name has a space or an invisible character, or is too long');
  const bytes = fromBase64(body);
  const kind = (Object.keys(types) as NoteKeyKind[]).find((one) => types[one] === bytes?.[0]);
  if (bytes?.length !== 33 || kind === undefined) throw malformed('it is neither type 1 nor type 4');
  const key = { kind, name, publicKey: bytes.slice(1) };
  if (hexOf(noteKeyId(crypto, key)) !== id) throw malformed('its id is that of another key');
  return key;
}

const signatureLine = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/u;

export const formatSignatures = (signatures: readonly NoteSignature[]): string =>
  signatures.map(({ name, bytes }) => `\u2014 ${name} ${toBase64(bytes)}\n`).join('');

export const formatNote = ({ text, signatures }: Note): string => `${text}\n${formatSignatures(signatures)}`;

/** Lines of signatures alone, as a witness answers. Throws `note-malformed`. */
export function parseSignatures(lines: string, what: string): NoteSignature[] {
  const malformed = (problem: string) => new Fault('note-malformed', { what, problem });
  if (!lines.endsWith('\n')) throw malformed('its last line has no end');
  const texts = lines.slice(0, -1).split('\n');
  if (texts.length > signaturesAtMost) throw malformed(`it has more than ${signaturesAtMost} signatures`);
  return texts.map((line) => {
    const [, name, body] = signatureLine.exec(line) ?? [];
    const bytes = body === undefined ? undefined : fromBase64(body);
    if (name === undefined || !isNoteName(name) || bytes === undefined || bytes.length <= idSizeBytes)
      throw malformed('a line of its signatures has another form');
    return { name, bytes };
  });
}

/** Text and signatures, nothing of them verified. Throws `note-malformed`. */
export function parseNote(note: string, what: string): Note {
  const malformed = (problem: string) => new Fault('note-malformed', { what, problem });
  if (note.length > noteSizeBytesAtMost) throw malformed('it is too long');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not hold
  if (/[\u0000-\u0009\u000b-\u001f\ufffd]/.test(note)) throw malformed('it holds control characters');
  const end = note.lastIndexOf('\n\n');
  if (end < 0) throw malformed('no empty line stands before its signatures');
  return { text: note.slice(0, end + 1), signatures: parseSignatures(note.slice(end + 2), what) };
}

const timeSizeBytes = 8;

const cosigned = (text: string, timeSeconds: number): Bytes =>
  utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);

/** Signs the text with a log's key, or cosigns it with a witness's key at this time. */
export async function signNote(
  crypto: Hashing,
  signer: NoteSigner,
  note: { text: string; timeSeconds?: number },
): Promise<NoteSignature> {
  const { key } = signer;
  const id = noteKeyId(crypto, key);
  if (key.kind === 'log')
    return { name: key.name, bytes: concatBytes(id, await signer.sign(utf8(note.text))) };
  const timeSeconds = note.timeSeconds ?? 0;
  const time = new Uint8Array(timeSizeBytes);
  new DataView(time.buffer).setBigUint64(0, BigInt(timeSeconds));
  return {
    name: key.name,
    bytes: concatBytes(id, time, await signer.sign(cosigned(note.text, timeSeconds))),
  };
}

/** A signature that verified; the time is that of a cosignature, in seconds since 1970. */
export interface VerifiedSignature {
  readonly timeSeconds: number | undefined;
}

/**
 * The signature of this key on the text, undefined when the key did not sign. A line with the name and id of
 * the key that does not verify counts for nothing, whatever others say.
 */
export function findSignature(
  crypto: Hashing & Pick<Ed25519, 'verifyEd25519'>,
  note: Note,
  key: NoteKey,
): VerifiedSignature | undefined {
  const id = noteKeyId(crypto, key);
  for (const { name, bytes } of note.signatures) {
    if (name !== key.name || !equalBytes(bytes.subarray(0, idSizeBytes), id)) continue;
    const rest = bytes.subarray(idSizeBytes);
    if (key.kind === 'log') {
      if (crypto.verifyEd25519(key.publicKey, utf8(note.text), rest)) return { timeSeconds: undefined };
      continue;
    }
    if (rest.length !== timeSizeBytes + 64) continue;
    const time = new DataView(rest.buffer, rest.byteOffset, timeSizeBytes).getBigUint64(0);
    if (time > BigInt(Number.MAX_SAFE_INTEGER)) continue;
    const timeSeconds = Number(time);
    const signature = rest.subarray(timeSizeBytes);
    if (crypto.verifyEd25519(key.publicKey, cosigned(note.text, timeSeconds), signature))
      return { timeSeconds };
  }
  return undefined;
}

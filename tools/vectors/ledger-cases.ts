// Vectors of spec/ledger.md: checkpoints, proofs of entries, consistency, and requests to a witness. The
// ledger of the vectors has 700 entries: licenses and receipts of seeded bytes, under fixed keys.

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import {
  encodeLogEntry,
  formatCheckpoint,
  formatLedgerProof,
  formatNote,
  formatNoteKey,
  formatWitnessRequest,
  growTiles,
  type LedgerFolder,
  type LogEvent,
  leafHash,
  type NoteKey,
  type NoteKeyKind,
  type NoteSignature,
  type NoteSigner,
  signNote,
  TileTree,
  toBase64,
} from '@firmseal/ledger';
import { seededBytes } from './vector-keys.ts';

interface LedgerCase {
  readonly name: string;
  readonly kind: 'checkpoint' | 'license' | 'receipt' | 'consistency' | 'witness' | 'policy';
  readonly fault?: FaultCode;
  readonly [more: string]: unknown;
}

const origin = 'vectors.example/ledger';
const timeSeconds = 1_800_000_000;
const size = 700;
/** Another size, before which the ledger was the same. */
const earlier = 300;

function signerOf(kind: NoteKeyKind, name: string, seed = name): NoteSigner {
  const privateKey = crypto.sha256(utf8(`firmseal test key: ${seed}`));
  const { publicKey } = crypto.ed25519FromPrivate(privateKey)!;
  const sign = async (message: Uint8Array) => crypto.signEd25519(privateKey, message);
  return { key: { kind, name, publicKey }, sign };
}

const log = signerOf('log', origin, 'ledger');
const witnesses = [1, 2].map((n) => signerOf('witness', `witness.example/w${n}`, `witness ${n}`));
const stranger = signerOf('log', origin, 'another ledger');

const textOf = (key: NoteKey) => formatNoteKey(crypto, key);

/** What the file says for all cases. */
export const ledgerTrust = {
  log: textOf(log.key),
  witnesses: witnesses.map(({ key }) => textOf(key)),
  least: 1,
};

const job = seededBytes('ledger job', 16);
const digestOf = (index: number) => seededBytes(`ledger object ${index}`, 32);

function eventOf(index: number): LogEvent {
  const timeMs = 1_800_000_000_000 + index;
  const license = seededBytes(`ledger license ${index}`, 16);
  return index % 2 === 0
    ? { timeMs, kind: 'license-issued', fields: { job, license, digest: digestOf(index), unit: index / 2 } }
    : {
        ...{ timeMs, kind: 'receipt-stored' },
        fields: { job, license, receipt: digestOf(index), fresh: true, outcome: 'PASS' },
      };
}

const opened = Array.from({ length: size }, (_, index) => ({
  salt: seededBytes(`ledger salt ${index}`, 32),
  entry: encodeLogEntry(index, eventOf(index)),
}));
const leaves = opened.map(({ salt, entry }) => leafHash(crypto, salt, entry));

async function treeOf(entries: readonly Uint8Array[]): Promise<TileTree> {
  const files = new Map<string, Uint8Array>();
  const folder: LedgerFolder = {
    read: async (path) => files.get(path),
    write: async (path, bytes) => {
      files.set(path, bytes);
    },
    remove: async () => undefined,
  };
  await growTiles(crypto, folder, { from: 0, leaves: entries });
  return new TileTree(crypto, folder, entries.length);
}

export async function ledgerCases(): Promise<LedgerCase[]> {
  const tree = await treeOf(leaves);
  const fork = await treeOf(leaves.with(earlier - 1, seededBytes('another entry', 32)));
  const bodyOf = async (of: TileTree, at = size) =>
    formatCheckpoint({ origin, size: at, root: await of.root(at) });
  const signed = async (text: string, signers: readonly NoteSigner[] = [log, ...witnesses]) => {
    const signatures: NoteSignature[] = [];
    for (const signer of signers) signatures.push(await signNote(crypto, signer, { text, timeSeconds }));
    return formatNote({ text, signatures });
  };
  const body = await bodyOf(tree);
  const note = await signed(body);
  const [w1, w2] = [witnesses[0]!, witnesses[1]!];
  const impostor = { ...signerOf('witness', w1.key.name, 'witness 3'), key: w1.key };
  const path = (index: number) => tree.proveInclusion(index);
  const proofOf = async (index: number, more: object = {}) =>
    formatLedgerProof({ index, path: await path(index), checkpoint: note, opened: opened[index]!, ...more });
  const checkpoint = (name: string, text: string, fault?: FaultCode, more: object = {}): LedgerCase => ({
    ...{ name, kind: 'checkpoint', note: text },
    ...(fault ? { fault } : {}),
    ...more,
  });
  const entry = (kind: 'license' | 'receipt', name: string, proof: string, more: object): LedgerCase => ({
    ...{ name, kind, proof },
    ...more,
  });
  const licenseOf = (index: number) => ({ digest: digestOf(index), job, unit: index / 2 });
  const consistency = async (name: string, [from, to]: [number, number], change: object = {}) => ({
    ...{ name, kind: 'consistency' as const },
    from: { size: from, root: await tree.root(from) },
    to: { size: to, root: await tree.root(to) },
    proof: await tree.proveConsistency(from, to),
    ...change,
  });
  const wrongPath: { fault: FaultCode } = { fault: 'consistency-proof-invalid' };
  const request = async (old: number, of = tree, at = size) =>
    formatWitnessRequest({
      ...{ old, proof: await of.proveConsistency(old, at) },
      checkpoint: await signed(await bodyOf(of, at), [log]),
    });
  const seenAt = async (at: number) => ({ size: at, root: await tree.root(at) });
  const witness = (name: string, text: string, seen: object | null, fault?: FaultCode): LedgerCase => ({
    ...{ name, kind: 'witness', request: text, seen },
    ...(fault ? { fault } : {}),
  });
  const zero = new Uint8Array(32);
  const [key1, key2] = witnesses.map((one) => textOf(one.key)) as [string, string];
  const policy = (name: string, items: CborInput[], fault?: FaultCode): LedgerCase => ({
    ...{ name, kind: 'policy', object: encodeCbor(items) },
    ...(fault ? { fault } : {}),
  });
  const badPolicy: FaultCode = 'ledger-policy-malformed';

  return [
    policy('for one of two witnesses', [1, textOf(log.key), 1, [key1, key2]]),
    policy('without witnesses', [1, textOf(log.key), 0, []]),
    policy('for more cosignatures than witnesses', [1, textOf(log.key), 2, [key1]], badPolicy),
    policy('with witnesses in another order', [1, textOf(log.key), 1, [key2, key1]], badPolicy),
    policy('with a witness twice', [1, textOf(log.key), 1, [key1, key1]], badPolicy),
    policy('with a witness as its ledger', [1, key1, 1, [key2]], badPolicy),
    policy('with a ledger as a witness', [1, textOf(log.key), 1, [textOf(stranger.key)]], badPolicy),
    policy('with a key of another id', [1, textOf(log.key).replace(/.$/, ''), 0, []], 'note-key-malformed'),
    policy('of another version', [2, textOf(log.key), 0, []], badPolicy),
    policy('with a further item', [1, textOf(log.key), 0, [], null], badPolicy),
    policy('that is a map', [1, textOf(log.key), 0, new Map()], badPolicy),
    checkpoint('signed and cosigned', note),
    checkpoint('cosigned by one of two', await signed(body, [log, w2])),
    checkpoint('with an extension line', await signed(`${body}extension\n`)),
    checkpoint(
      'of an empty ledger',
      await signed(formatCheckpoint({ origin, size: 0, root: crypto.sha256(zero.slice(32)) })),
    ),
    checkpoint('with signatures of strangers besides', await signed(body, [log, w1, stranger, impostor])),
    checkpoint('without a cosignature', await signed(body, [log]), 'cosignatures-too-few'),
    checkpoint(
      'with one cosignature twice, where two are due',
      await signed(body, [log, w1, w1]),
      'cosignatures-too-few',
      { least: 2 },
    ),
    checkpoint(
      'cosigned under the name of a witness by another key',
      await signed(body, [log, impostor]),
      'cosignatures-too-few',
    ),
    checkpoint(
      'cosigned at another time than it says',
      note
        .replaceAll(toBase64(await cosignatureOf(body, w1)), toBase64(shifted(await cosignatureOf(body, w1))))
        .replaceAll(
          toBase64(await cosignatureOf(body, w2)),
          toBase64(shifted(await cosignatureOf(body, w2))),
        ),
      'cosignatures-too-few',
    ),
    checkpoint('signed by witnesses alone', await signed(body, witnesses), 'checkpoint-unsigned'),
    checkpoint(
      'signed by another key of the same name',
      await signed(body, [stranger, w1]),
      'checkpoint-unsigned',
    ),
    checkpoint('with another size', note.replace(`\n${size}\n`, `\n${size + 1}\n`), 'checkpoint-unsigned'),
    checkpoint(
      'of another ledger',
      await signed(body.replace(origin, 'else.example')),
      'checkpoint-of-another-log',
    ),
    checkpoint(
      'with a size that begins with 0',
      await signed(body.replace(`\n${size}\n`, `\n0${size}\n`)),
      'checkpoint-malformed',
    ),
    checkpoint(
      'with a root of 31 bytes',
      await signed(`${origin}\n${size}\n${toBase64(zero.slice(1))}\n`),
      'checkpoint-malformed',
    ),
    checkpoint(
      'with a root in base64url',
      await signed(body.replace(/\n[^\n]+\n$/, `\n${'-_'.repeat(21)}A=\n`)),
      'checkpoint-malformed',
    ),
    checkpoint('of two lines', await signed(`${origin}\n${size}\n`), 'checkpoint-malformed'),
    checkpoint('without an empty line', note.replace('\n\n', '\n'), 'note-malformed'),
    checkpoint('without its last newline', note.slice(0, -1), 'note-malformed'),
    checkpoint('with a tab', note.replace('\n', '\t\n'), 'note-malformed'),
    checkpoint('with a dash of another kind', note.replace('\u2014', '-'), 'note-malformed'),
    checkpoint(
      'with a signature that is no base64',
      note.replace(/(\u2014 \S+) ./u, '$1 *'),
      'note-malformed',
    ),

    entry('license', 'of the first entry', await proofOf(0), licenseOf(0)),
    entry('license', 'of an entry in the middle', await proofOf(256), licenseOf(256)),
    entry('license', 'of an entry of the last tile', await proofOf(698), licenseOf(698)),
    entry('receipt', 'of the last entry', await proofOf(699), { digest: digestOf(699) }),
    entry('license', 'of another license', await proofOf(2), {
      ...licenseOf(4),
      fault: 'ledger-entry-wrong',
    }),
    entry('license', 'of another unit', await proofOf(2), {
      ...licenseOf(2),
      unit: 2,
      fault: 'ledger-entry-wrong',
    }),
    entry('license', 'of another job', await proofOf(2), {
      ...licenseOf(2),
      job: zero.slice(16),
      fault: 'ledger-entry-wrong',
    }),
    entry('license', 'that is of a receipt', await proofOf(3), {
      ...licenseOf(3),
      unit: 1,
      fault: 'ledger-entry-wrong',
    }),
    entry('receipt', 'that is of a license', await proofOf(2), {
      digest: digestOf(2),
      fault: 'ledger-entry-wrong',
    }),
    entry('license', 'with another index', await proofOf(2, { index: 4 }), {
      ...licenseOf(2),
      fault: 'inclusion-proof-invalid',
    }),
    entry('license', 'with an index behind the end', await proofOf(2, { index: size }), {
      ...licenseOf(2),
      fault: 'inclusion-proof-invalid',
    }),
    entry('license', 'with another salt', await proofOf(2, { opened: { ...opened[2]!, salt: zero } }), {
      ...licenseOf(2),
      fault: 'inclusion-proof-invalid',
    }),
    entry('license', 'with the path of its neighbour', await proofOf(2, { path: await path(3) }), {
      ...licenseOf(2),
      fault: 'inclusion-proof-invalid',
    }),
    entry(
      'license',
      'with a path that is too short',
      await proofOf(2, { path: (await path(2)).slice(0, -1) }),
      { ...licenseOf(2), fault: 'inclusion-proof-invalid' },
    ),
    entry('license', 'with a path that is too long', await proofOf(2, { path: [...(await path(2)), zero] }), {
      ...licenseOf(2),
      fault: 'inclusion-proof-invalid',
    }),
    entry(
      'license',
      'under a checkpoint without cosignature',
      await proofOf(2, { checkpoint: await signed(body, [log]) }),
      { ...licenseOf(2), fault: 'cosignatures-too-few' },
    ),
    entry('license', 'with another first line', (await proofOf(2)).replace('@v1', '@v2'), {
      ...licenseOf(2),
      fault: 'ledger-proof-malformed',
    }),
    entry('license', 'without its opened entry', (await proofOf(2)).replace(/extra .*\n/, ''), {
      ...licenseOf(2),
      fault: 'ledger-proof-malformed',
    }),
    entry('license', 'with an index that begins with 0', (await proofOf(2)).replace('index 2', 'index 02'), {
      ...licenseOf(2),
      fault: 'ledger-proof-malformed',
    }),

    await consistency('from nothing', [0, size]),
    await consistency('from one entry', [1, size]),
    await consistency('from a full tile', [256, size]),
    await consistency('from the middle of a tile', [earlier, size]),
    await consistency('to itself', [size, size]),
    await consistency('to itself with a hash', [size, size], { proof: [zero], ...wrongPath }),
    await consistency('from nothing with a hash', [0, size], { proof: [zero], ...wrongPath }),
    await consistency('from a fork', [earlier, size], {
      from: { size: earlier, root: await fork.root(earlier) },
      ...wrongPath,
    }),
    await consistency('to a fork', [earlier, size], {
      to: { size, root: await fork.root(size) },
      ...wrongPath,
    }),
    await consistency('with a proof that is too short', [earlier, size], {
      proof: (await tree.proveConsistency(earlier)).slice(0, -1),
      ...wrongPath,
    }),
    await consistency('without a path', [earlier, size], { proof: [], ...wrongPath }),
    await consistency('to a shorter ledger', [size, size], { to: await seenAt(earlier), ...wrongPath }),

    witness('of a ledger that it has not seen', await request(0), null),
    witness('of a ledger that has grown', await request(earlier), await seenAt(earlier)),
    witness('of a ledger that stands still', await request(size), await seenAt(size)),
    witness('that begins at nothing again', await request(0), await seenAt(earlier), 'witness-size-wrong'),
    witness(
      'of an older ledger',
      await request(256, tree, earlier),
      await seenAt(size),
      'witness-size-wrong',
    ),
    witness(
      'of a fork of the same size',
      await request(size, fork),
      await seenAt(size),
      'witness-fork-refused',
    ),
    witness(
      'of a fork that has grown',
      await request(earlier, fork),
      await seenAt(earlier),
      'witness-proof-refused',
    ),
    witness(
      'with an old size above its own',
      (await request(size)).replace(`old ${size}`, `old ${size + 1}`),
      await seenAt(size),
      'witness-request-malformed',
    ),
    witness(
      'with an old size that begins with 0',
      (await request(0)).replace('old 0', 'old 00'),
      null,
      'witness-request-malformed',
    ),
    witness('without a checkpoint', 'old 0\n\n', null, 'witness-request-malformed'),
    witness(
      'that another key signed',
      formatWitnessRequest({ old: 0, proof: [], checkpoint: await signed(body, [stranger]) }),
      null,
      'witness-log-key-unknown',
    ),
    witness(
      'of a ledger that nobody added',
      formatWitnessRequest({
        old: 0,
        proof: [],
        checkpoint: await signed(body.replace(origin, 'else.example'), [log]),
      }),
      null,
      'witness-log-unknown',
    ),
  ];
}

async function cosignatureOf(text: string, signer: NoteSigner): Promise<Bytes> {
  return (await signNote(crypto, signer, { text, timeSeconds })).bytes;
}

/** The same cosignature with its time one second later. */
function shifted(bytes: Bytes): Bytes {
  const time = bytes.slice(4, 12);
  time[7]! += 1;
  return concatBytes(bytes.subarray(0, 4), time, bytes.subarray(12));
}

// The vectors that an agent judges, as its host sends them over the link: packages, licenses, delegations.
// Each case has one right outcome. Which agent it is, WebAssembly or machine code, is the caller's: he
// makes the chip that a case asks for.

import { readFileSync } from 'node:fs';
import { type Bytes, fromHex } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { recordLengths, splitPackage, verifyHeader } from '@firmseal/seal';
import type { Line } from './line.ts';

export interface ChipState {
  readonly securityCounter: number;
  readonly agentVersion: number;
  readonly installPending?: boolean;
  readonly levelKey: boolean;
  readonly optionBytes: readonly { readonly register: number; readonly value: number }[];
}
export interface Case {
  readonly name: string;
  readonly fault?: string;
  readonly onLink?: string;
  readonly file?: string;
  readonly license?: string;
  readonly chip?: string;
  readonly product?: string;
  readonly epoch?: number;
  readonly state?: ChipState;
  readonly bundle?: string;
  readonly nonce?: string | null;
  readonly thumbprint?: string;
  readonly journaled?: { readonly digest: string; readonly ended: boolean };
  readonly unwraps?: number;
  readonly package?: string;
  readonly delegation?: string;
  readonly epochStatement?: string;
  readonly successions?: readonly string[];
  readonly before?: readonly number[];
}
interface Vectors {
  readonly rootPublicKey: string;
  readonly product: string;
  readonly epoch: number;
  readonly chip: string;
  readonly states: Readonly<Record<string, ChipState>>;
  readonly package: string;
  readonly nonce: string;
  readonly hello: { readonly securityCounter: number; readonly unwraps: number };
  readonly cases: readonly Case[];
}
const load = (path: string): Vectors =>
  JSON.parse(readFileSync(new URL(`../../../vectors/${path}`, import.meta.url), 'utf8'));

/** The chip that a case is sent to: personalized, in that state, on, its agent waiting. */
export interface Wanted {
  readonly chipId: string;
  readonly trust: { readonly root: Bytes; readonly product: string; readonly epoch: number };
  readonly state: ChipState;
  /** What its hello draws; undefined for anything. */
  readonly nonce?: Bytes;
  readonly journaled?: Case['journaled'];
  /** Count of unwraps; 0 when it is missing. */
  readonly unwraps?: number;
}
type ChipMaker = (wanted: Wanted) => Promise<Line>;

/** `not-sent`: a host finds the fault in the file and sends nothing. */
interface Outcome {
  readonly found: string | 0;
  readonly due: string | 0;
}

/** A kind of vector: its cases, and how one of them ends on a chip. */
export interface VectorSuite {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly outcome: (one: Case, make: ChipMaker) => Promise<Outcome>;
}

/** Records of a file whose header was accepted, whole or cut, as a host would send them. */
function* recordsOf(file: Bytes, trust: { rootPublicKey: Bytes }): Generator<Bytes> {
  const { header, recordsOffset } = splitPackage(file);
  const { manifest } = verifyHeader(crypto, header, trust);
  let offset = recordsOffset;
  for (const length of recordLengths(manifest.core)) {
    if (offset >= file.length) return;
    yield file.slice(offset, Math.min(offset + length, file.length));
    offset += length;
  }
}

/** The header bytes of a file, as far as a host gets that far: undefined when the fault is the file's. */
function headerOf(file: Bytes): Bytes | undefined {
  if (file.length < 12 || !crypto.sha256(file.slice(0, 8)).every((b, i) => b === magicHash[i]))
    return undefined;
  const length = new DataView(file.buffer).getUint32(8, true);
  return length > 4096 || 12 + length > file.length ? undefined : file.slice(12, 12 + length);
}
const magicHash = crypto.sha256(fromHex('465345414c010d0a'));

const packages = load('package/open.json');
const packagesRoot = fromHex(packages.rootPublicKey);
const hostFaults = ['package-magic-wrong', 'package-truncated', 'package-header-too-large'];

async function sendPackage(one: Case, header: Bytes, make: ChipMaker): Promise<string> {
  const chipId = one.chip ?? packages.chip;
  const trust = {
    root: packagesRoot,
    product: one.product ?? packages.product,
    epoch: one.epoch ?? packages.epoch,
  };
  const line = await make({ chipId, trust, state: one.state ?? packages.states[chipId]! });
  const reply = line.try(0x20, header);
  if (reply.status !== 0) return reply.status;
  if (one.license === undefined) return 'accepted';
  const licensed = line.try(0x21, fromHex(one.license));
  if (licensed.status !== 0) return licensed.status;
  let index = 0;
  for (const record of recordsOf(fromHex(one.file!), { rootPublicKey: packagesRoot })) {
    const answer = line.tryRecord(index++, record);
    if (answer.status !== 0) return answer.status;
  }
  return 'none';
}

export const packageVectors: VectorSuite = {
  name: 'packages',
  // One is for a chip that exists nowhere: it has a bit that a policy can only set.
  cases: packages.cases.filter(({ chip }) => chip !== 'invented'),
  async outcome(one, make) {
    const header = headerOf(fromHex(one.file!));
    if (header === undefined)
      return { found: 'not-sent', due: hostFaults.includes(one.fault!) ? 'not-sent' : 'sent' };
    return { found: await sendPackage(one, header, make), due: one.onLink ?? one.fault ?? 'none' };
  },
};

const licenses = load('license/open.json');
const licensedState = { ...packages.states['stm32f427']!, securityCounter: 0 };

export const licenseVectors: VectorSuite = {
  name: 'licenses',
  cases: licenses.cases,
  async outcome(one, make) {
    const nonce = one.nonce === undefined ? licenses.nonce : one.nonce;
    const line = await make({
      chipId: 'stm32f427',
      trust: { root: fromHex(licenses.rootPublicKey), product: one.product ?? licenses.product, epoch: 1 },
      state: licensedState,
      ...(nonce === null ? {} : { nonce: fromHex(nonce) }),
      ...(one.journaled ? { journaled: one.journaled } : {}),
      ...(one.unwraps === undefined ? {} : { unwraps: one.unwraps }),
    });
    // Without a hello the chip has no nonce that could be answered.
    if (nonce !== null) line.request(0x02, new Uint8Array(32));
    const accepted = line.try(0x20, headerOf(fromHex(one.package ?? licenses.package))!).status;
    if (accepted !== 0) return { found: `package: ${accepted}`, due: 0 };
    return { found: line.try(0x21, fromHex(one.bundle!)).status, due: one.fault ?? 0 };
  },
};

const recoveries = load('recovery/open.json');

export const recoveryVectors: VectorSuite = {
  name: 'recoveries',
  cases: recoveries.cases,
  async outcome(one, make) {
    const { rootPublicKey, product, epoch, nonce, hello } = recoveries;
    const line = await make({
      chipId: 'stm32f427',
      trust: { root: fromHex(rootPublicKey), product, epoch },
      state: { ...packages.states['stm32f427']!, securityCounter: hello.securityCounter },
      ...{ nonce: fromHex(nonce), unwraps: hello.unwraps },
    });
    line.request(0x02, new Uint8Array(32));
    return { found: line.try(0x30, fromHex(one.bundle!)).status, due: one.fault ?? 0 };
  },
};

const delegations = load('delegation/verify.json');
/** All are of device CAs: where a package signer's is due, that is met before product, epoch and cap. */
const afterTheRole = ['delegation-product-wrong', 'delegation-revoked', 'delegation-counter-exceeded'];
const { header: goodHeader } = splitPackage(
  fromHex(packages.cases.find(({ fault }) => fault === undefined)!.file!),
);

/** Offered as a package signer's. */
export const delegationVectors: VectorSuite = {
  name: 'delegations',
  // Those that rest on another delegation come to it with a license: agent tests on epochs.
  cases: delegations.cases.filter(({ before }) => before === undefined),
  async outcome({ delegation, epochStatement, epoch, successions = [], fault }, make) {
    const trust = { root: fromHex(delegations.rootPublicKey), product: delegations.product, epoch: epoch! };
    const line = await make({ chipId: 'stm32f427', trust, state: packages.states['stm32f427']! });
    const statement = epochStatement === undefined ? null : fromHex(epochStatement);
    const followed = successions.map((one) => fromHex(one));
    const sent = encodeCbor([goodHeader.manifest, fromHex(delegation!), statement, followed, null]);
    const due = fault === undefined || afterTheRole.includes(fault) ? 'delegation-role-wrong' : fault;
    return { found: line.try(0x20, sent).status, due };
  },
};

/** Faults that the agent finds in the outer form, before it checks a signature. */
const ofTheForm = new Set([
  'package-malformed',
  'package-magic-wrong',
  'package-truncated',
  'package-header-too-large',
]);

export const endsBeforeSignatures = ({ fault }: Case): boolean => fault !== undefined && ofTheForm.has(fault);

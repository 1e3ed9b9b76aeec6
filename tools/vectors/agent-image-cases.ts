// Vectors of spec/agent-image.md section 3: one image in its slot, and what the reader of a chip finds. The
// image is put together here from the table of section 1, not by the product.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import type { Delegation } from '@firmseal/formats';
import { keyPair, seededBytes } from './vector-keys.ts';
import { delegate, type Fields, product, type ShellChange, signShell, succession } from './workshop.ts';

export interface AgentImageCase {
  readonly name: string;
  /** From the first byte of the slot; what is left of the slot reads as erased. */
  readonly image: Bytes;
  readonly chip?: string;
  readonly product?: string;
  readonly epoch?: number;
  readonly agentVersion?: number;
  readonly fault?: FaultCode;
}

const typ = 'application/firmseal-agent';
const code = seededBytes('agent', 96);
/** The agent that personalization wrote. */
export const measuredCode = seededBytes('measured agent', 64);
export const measuredAgent = {
  codeDigest: crypto.sha256(measuredCode),
  counter: 3,
};

/** What differs from the usual image. */
export interface AgentImageChange {
  readonly head?: (view: DataView, bytes: Uint8Array) => void;
  readonly statement?: (fields: Fields) => unknown;
  readonly shell?: ShellChange;
  readonly delegation?: Partial<Delegation>;
  readonly by?: 'root' | 'second root';
  /** Instead of a delegation that is made. */
  readonly delegationBytes?: Bytes;
  readonly successions?: readonly Bytes[];
  readonly proof?: CborInput | Uint8Array;
  readonly code?: Bytes;
  readonly counter?: number;
}

const signer: Partial<Delegation> = {
  ...{ role: 'agent-signer', publicKey: keyPair('agent signer').publicKey, counterCap: 9 },
};

async function proofOf(change: AgentImageChange): Promise<Uint8Array> {
  if (change.proof instanceof Uint8Array) return change.proof;
  if (change.proof !== undefined) return encodeCbor(change.proof);
  const fields: Fields = new Map<number, CborInput>([
    [0, 1],
    [1, product],
    [2, 'stm32f427'],
    [3, 2],
    [4, change.counter ?? 7],
    [5, code.length],
    [6, crypto.sha256(code)],
  ]);
  change.statement?.(fields);
  const statement = signShell(typ, encodeCbor(fields), 'agent signer', change.shell);
  const delegation =
    change.delegationBytes ?? (await delegate({ ...signer, ...change.delegation }, change.by));
  return encodeCbor([[...(change.successions ?? [])], delegation, statement]);
}

export async function imageOf(change: AgentImageChange): Promise<Bytes> {
  const proof = await proofOf(change);
  const header = new Uint8Array(1024);
  const view = new DataView(header.buffer);
  const body = change.code ?? code;
  header.set([0x46, 0x53, 0x41, 0x47, 1]);
  view.setUint16(6, proof.length, true);
  view.setUint32(8, body.length, true);
  view.setUint32(12, change.counter ?? 7, true);
  header.set(proof.subarray(0, 992), 32);
  change.head?.(view, header);
  return concatBytes(header, body);
}

/** Version 2, counter 7. */
export const signedAgent = (): Promise<Bytes> => imageOf({});

export async function agentImageCases(): Promise<AgentImageCase[]> {
  const one = async (
    name: string,
    fault: FaultCode | undefined,
    change: AgentImageChange = {},
    context: Partial<AgentImageCase> = {},
  ): Promise<AgentImageCase> => ({
    name,
    ...(fault ? { fault } : { agentVersion: 2 }),
    ...context,
    image: await imageOf(change),
  });
  const malformed = (name: string, change: AgentImageChange) => one(name, 'agent-image-malformed', change);
  const head = (name: string, change: AgentImageChange['head'] & {}) => malformed(name, { head: change });
  const field = (name: string, key: number, value?: CborInput) =>
    malformed(name, { statement: (f) => (value === undefined ? f.delete(key) : f.set(key, value)) });
  const unsigned = { proof: new Uint8Array(0), code: measuredCode, counter: 3 };
  const erased = new Uint8Array(1024).fill(0xff);
  return [
    await one('signed', undefined),
    await one('counter at the cap', undefined, { counter: 9 }),
    await one('counter 0', undefined, { counter: 0 }),
    { ...(await one('the measured agent', undefined, unsigned)), agentVersion: 0 },
    await one('the measured agent under another counter', 'agent-image-unknown', { ...unsigned, counter: 4 }),
    await one('another agent without a proof', 'agent-image-unknown', { ...unsigned, code }),
    { name: 'erased flash', fault: 'agent-image-malformed', image: erased },
    await head('another magic', (view) => view.setUint8(3, 0x48)),
    await head('version 2', (view) => view.setUint8(4, 2)),
    await head('version 257', (view) => view.setUint8(5, 1)),
    await head('no code', (view) => view.setUint32(8, 0, true)),
    await head('code of 80 bytes', (view) => view.setUint32(8, 80, true)),
    await head('code that ends behind the slot', (view) => view.setUint32(8, 65_536 - 1024 + 32, true)),
    await head('code of 2^32 - 32 bytes', (view) => view.setUint32(8, 2 ** 32 - 32, true)),
    await head('counter 2^31', (view) => view.setUint32(12, 2 ** 31, true)),
    await head('byte 16 not zero', (view) => view.setUint8(16, 1)),
    await head('byte 31 not zero', (view) => view.setUint8(31, 1)),
    await head('byte 1023 not zero', (view) => view.setUint8(1023, 1)),
    await head('a proof of 993 bytes', (view) => view.setUint16(6, 993, true)),
    await head('a proof that is cut', (view) => view.setUint16(6, view.getUint16(6, true) - 1, true)),
    await head('a proof with a byte behind it', (view) =>
      view.setUint16(6, view.getUint16(6, true) + 1, true),
    ),
    await malformed('a proof of two', { proof: [[], new Uint8Array(1)] }),
    await malformed('a proof without an array of successions', {
      proof: [null, new Uint8Array(1), new Uint8Array(1)],
    }),
    await malformed('a statement that is text', { proof: [[], new Uint8Array(1), 'x'] }),
    await malformed('five successions', {
      proof: [Array.from({ length: 5 }, () => new Uint8Array(1)), ...[new Uint8Array(1), new Uint8Array(1)]],
    }),
    await one('a malformed delegation', 'delegation-malformed', {
      proof: [[], new Uint8Array(1), new Uint8Array(1)],
    }),
    await one('delegated by a stranger', 'delegation-signature-invalid', { by: 'second root' }),
    await one('delegated for packages', 'delegation-role-wrong', { delegation: { role: 'package-signer' } }),
    await one('delegated for another product', 'delegation-product-wrong', {
      delegation: { product: 'kettle' },
    }),
    await one('delegated in an epoch that has ended', 'delegation-revoked', {}, { epoch: 2 }),
    await one('delegated in a later epoch', undefined, { delegation: { epoch: 5 } }),
    await one('delegated by the next root', undefined, {
      ...{ by: 'second root', delegation: { epoch: 4 }, successions: [await succession(4)] },
    }),
    await one('delegated by the root that was succeeded', 'delegation-signature-invalid', {
      ...{ delegation: { epoch: 4 }, successions: [await succession(4)] },
    }),
    await one('succession of the epoch in force', 'root-revoked', {
      ...{ by: 'second root', delegation: { epoch: 1 }, successions: [await succession(1)] },
    }),
    await one('signed by a stranger', 'agent-image-signature-invalid', { shell: { by: 'stranger' } }),
    await one('signed by the package signer', 'agent-image-signature-invalid', {
      shell: { by: 'package signer' },
    }),
    await one('a statement with a high s', 'agent-image-signature-invalid', { shell: { highS: true } }),
    await malformed('a manifest in the place of the statement', {
      shell: { typ: 'application/firmseal-manifest' },
    }),
    await field('statement of version 2', 0, 2),
    await field('statement without a digest', 6),
    await field('statement with an unknown key', 7, 0),
    await field('statement with a product of 33 bytes', 1, 'x'.repeat(33)),
    await field('statement with a version of 2^31', 3, 2 ** 31),
    await field('statement of another counter', 4, 6),
    await field('statement of another length', 5, 64),
    await one('malformed, and by a stranger', 'agent-image-signature-invalid', {
      ...{ statement: (f: Fields) => f.delete(6), shell: { by: 'stranger' } },
    }),
    await one('stated for another product', 'agent-image-product-wrong', {
      statement: (f) => f.set(1, 'kettle'),
    }),
    await one('stated for another chip', 'agent-image-chip-wrong', {
      statement: (f) => f.set(2, 'stm32f405'),
    }),
    await one('stated for another chip and product', 'agent-image-product-wrong', {
      statement: (f) => f.set(1, 'kettle').set(2, 'stm32f405'),
    }),
    await one('read by another product', 'delegation-product-wrong', {}, { product: 'kettle' }),
    await one('counter above the cap', 'delegation-counter-exceeded', { counter: 10 }),
    await one('a byte of the code changed', 'agent-image-digest-wrong', {
      code: code.map((byte, i) => (i === 95 ? byte ^ 1 : byte)) as Bytes,
    }),
    await one('another counter in the head alone', 'agent-image-malformed', {
      head: (view) => view.setUint32(12, 8, true),
    }),
  ];
}

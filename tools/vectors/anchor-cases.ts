// Vectors of spec/anchor.md section 2: the data block, and what the anchor that reads it makes of an image.
// The block is put together here from the table of that section, not by the product.

import { type Bytes, crc32 } from '@firmseal/bytes';
import type { FaultCode } from '@firmseal/fault';
import { type AgentImageChange, imageOf, measuredAgent, measuredCode } from './agent-image-cases.ts';
import { keyPair } from './vector-keys.ts';
import { delegate, flipLast, product } from './workshop.ts';

/** What a reader finds in a block. */
interface AnchorReading {
  readonly epoch: number;
  readonly counter: number;
  readonly codeDigest: Bytes;
  readonly rootPublicKey: Bytes | null;
  readonly product: string;
  readonly signer?: { readonly publicKey: Bytes; readonly counterCap: number };
}

export interface AnchorCase {
  readonly name: string;
  readonly block: Bytes;
  readonly reads?: AnchorReading;
  readonly image?: Bytes;
  readonly agentVersion?: number;
  readonly fault?: FaultCode;
}

const usual: AnchorReading = {
  ...{ epoch: 1, counter: measuredAgent.counter, codeDigest: measuredAgent.codeDigest },
  ...{ rootPublicKey: keyPair('root').publicKey, product },
};
/** The data name a smaller cap than the root allows the agent signer by now. */
const named = { publicKey: keyPair('agent signer').publicKey, counterCap: 7 };
const withSigner: AnchorReading = { ...usual, signer: named };
const ownerless: AnchorReading = { ...usual, epoch: 0, rootPublicKey: null, product: '' };

type Change = (view: DataView, bytes: Uint8Array) => void;

function blockOf(reading: AnchorReading, change: Change = () => {}, changeAfter: Change = () => {}): Bytes {
  const block = new Uint8Array(256);
  const view = new DataView(block.buffer);
  const text = new TextEncoder().encode(reading.product);
  block.set([0x46, 0x53, 0x41, 0x44]);
  view.setUint16(4, reading.signer === undefined ? 1 : 2, true);
  view.setUint16(6, 256, true);
  view.setUint32(8, reading.epoch, true);
  view.setUint32(12, reading.counter, true);
  block.set(reading.codeDigest, 32);
  if (reading.rootPublicKey !== null) block.set(reading.rootPublicKey, 64);
  block[129] = text.length;
  block.set(text, 130);
  if (reading.signer !== undefined) {
    block.set(reading.signer.publicKey, 162);
    view.setUint32(228, reading.signer.counterCap, true);
  }
  change(view, block);
  view.setUint32(252, crc32(block.subarray(0, 252)), true);
  changeAfter(view, block);
  return block;
}

function readingCases(): AnchorCase[] {
  const read = (name: string, reads: AnchorReading): AnchorCase => ({ name, block: blockOf(reads), reads });
  const bad = (name: string, change: Change, changeAfter?: Change): AnchorCase => ({
    ...{ name, fault: 'anchor-data-missing' },
    block: blockOf(withSigner, change, changeAfter),
  });
  return [
    read('version 1', usual),
    read('version 2, with an agent signer', withSigner),
    read('no owner', ownerless),
    read('product of 32 bytes', { ...withSigner, product: 'x'.repeat(32) }),
    read('the highest numbers', {
      ...{ ...usual, epoch: 2 ** 32 - 1, counter: 2 ** 32 - 1 },
      signer: { ...named, counterCap: 2 ** 32 - 1 },
    }),
    { name: 'erased flash', fault: 'anchor-data-missing', block: new Uint8Array(256).fill(0xff) },
    { name: 'zeros', fault: 'anchor-data-missing', block: new Uint8Array(256) },
    bad('another magic', (view) => view.setUint8(3, 0x47)),
    bad('version 0', (view) => view.setUint16(4, 0, true)),
    bad('version 3', (view) => view.setUint16(4, 3, true)),
    bad('version 258', (view) => view.setUint16(4, 0x102, true)),
    bad('length 255', (view) => view.setUint16(6, 255, true)),
    bad('product of 33 bytes', (view) => view.setUint8(129, 33)),
    bad(
      'a bit of the checksum changed',
      () => {},
      (view) => view.setUint8(255, view.getUint8(255) ^ 0x80),
    ),
    bad(
      'another root',
      () => {},
      (view) => view.setUint8(128, view.getUint8(128) ^ 1),
    ),
    bad(
      'another agent signer',
      () => {},
      (view) => view.setUint8(226, view.getUint8(226) ^ 1),
    ),
    bad(
      'a higher cap',
      () => {},
      (view) => view.setUint32(228, 8, true),
    ),
    bad(
      'a byte behind the cap',
      () => {},
      (view) => view.setUint8(251, 1),
    ),
  ];
}

/**
 * An image by the data of `reads`; the digest and the counter of the measured agent are those of agent-image.
 */
async function imageCases(): Promise<AnchorCase[]> {
  const one = async (
    name: string,
    fault: FaultCode | undefined,
    { reads = withSigner, ...change }: AgentImageChange & { readonly reads?: AnchorReading } = {},
  ): Promise<AnchorCase> => ({
    ...{ name, block: blockOf(reads), reads, image: await imageOf(change) },
    ...(fault === undefined ? { agentVersion: 2 } : { fault }),
  });
  const agentSigner = { role: 'agent-signer', publicKey: named.publicKey, counterCap: 9 } as const;
  const spoilt = flipLast(await delegate(agentSigner));
  const ended = { ...withSigner, epoch: 2 };
  const later = { ...agentSigner, publicKey: keyPair('package signer').publicKey };
  const other = { delegation: later, shell: { by: 'package signer' } } as const;
  return [
    await one('the named agent signer', undefined),
    await one('the named agent signer, by a block that names nobody', undefined, { reads: usual }),
    await one('the named agent signer at the cap of the block, his delegation spoilt', undefined, {
      delegationBytes: spoilt,
    }),
    await one('the same by a block that names nobody', 'delegation-signature-invalid', {
      ...{ delegationBytes: spoilt, reads: usual },
    }),
    await one('the named agent signer, delegated in an epoch that has ended', undefined, { reads: ended }),
    await one('the same epoch by a block that names nobody', 'delegation-revoked', {
      reads: { ...usual, epoch: 2 },
    }),
    await one('above the cap of the block, within that of the delegation', undefined, { counter: 8 }),
    await one('above the cap of the block, the delegation spoilt', 'delegation-signature-invalid', {
      ...{ counter: 8, delegationBytes: spoilt },
    }),
    await one('above both caps', 'delegation-counter-exceeded', { counter: 10 }),
    await one('the key of the block, the statement by a stranger', 'agent-image-signature-invalid', {
      shell: { by: 'stranger' },
    }),
    await one('another agent signer by the word of the root', undefined, other),
    await one('another agent signer, his delegation spoilt', 'delegation-signature-invalid', {
      ...{ ...other, delegationBytes: flipLast(await delegate(later)) },
    }),
    await one('the named agent signer for another product', 'agent-image-product-wrong', {
      statement: (fields) => fields.set(1, 'kettle'),
    }),
    await one('the named agent signer for another chip', 'agent-image-chip-wrong', {
      statement: (fields) => fields.set(2, 'stm32f405'),
    }),
    await one('a signed image by a block without owner', 'delegation-signature-invalid', {
      reads: ownerless,
    }),
    {
      ...(await one('the measured agent by a block without owner', undefined, {
        ...{ reads: ownerless, proof: new Uint8Array(0), code: measuredCode, counter: measuredAgent.counter },
      })),
      agentVersion: 0,
    },
  ];
}

export const anchorCases = async (): Promise<AnchorCase[]> => [...readingCases(), ...(await imageCases())];

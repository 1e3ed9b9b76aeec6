// The data block of the anchor (spec/anchor.md section 2): what it checks agents by. Personalization writes
// it beside the agent, into erase units that are write-protected in the end. Little-endian:
//    0 "FSAD"   4 version (2)   6 length 256 (2)   8 epoch   12 counter of the measured agent   16 16 zeros
//   32 SHA-256 of its code   64 root, or zeros   129 product: length, or 0   130 product, 32
//  version 1: 162 zeros; version 2: 162 agent signer   227 0   228 his cap   232 zeros
//  252 CRC-32

import { type Bytes, crc32, utf8 } from '@firmseal/bytes';
import type { Chip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { verifyAuthority } from '@firmseal/formats';
import { readAgentImage } from './image.ts';

const blockBytes = 256;
const crcOffset = blockBytes - 4;
const productMaxBytes = 32;

/** Whose agents the chip takes besides the measured one. */
export interface AnchorOwner {
  readonly rootPublicKey: Uint8Array;
  readonly product: string;
  readonly epoch: number;
  /**
   * Delegation of the agent signer, by that root: the chip starts his agents sooner, since it need not verify
   * what the root said of him.
   */
  readonly agentDelegation?: Bytes | undefined;
}

interface Part {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The part of an image, anchor and agent, that begins slot A. Throws `agent-image-malformed`. */
function slotOf(image: readonly Part[], chip: Chip): Uint8Array {
  const slot = image.find(({ address }) => address === chip.layout.agent.addressStart);
  if (slot === undefined) throw new Fault('agent-image-malformed');
  return slot.bytes;
}

/** The key and cap of the agent signer, into a block of version 2. */
function writeSigner(crypto: Crypto, block: DataView, owner: AnchorOwner, delegation: Bytes): void {
  const { delegate } = verifyAuthority(
    crypto,
    { successions: [], delegation },
    { ...owner, role: 'agent-signer' },
  );
  block.setUint16(4, 2, true);
  new Uint8Array(block.buffer).set(delegate.publicKey, 162);
  block.setUint32(228, delegate.counterCap, true);
}

/**
 * The block for an image of anchor and agent, which measures that agent, where the anchor looks for
 * it. Without an owner the chip takes no other agent, ever. RangeError for a product of more than 32
 * bytes. Throws `agent-image-malformed`, and the faults of verifyAuthority for the agent signer's delegation.
 */
export function anchorPart(
  crypto: Crypto,
  image: readonly Part[],
  { chip, owner }: { chip: Chip; owner?: AnchorOwner | undefined },
): { address: number; bytes: Bytes } {
  const { code, counter } = readAgentImage(slotOf(image, chip));
  const block = new Uint8Array(blockBytes);
  const view = new DataView(block.buffer);
  block.set(utf8('FSAD'));
  view.setUint16(4, 1, true);
  view.setUint16(6, blockBytes, true);
  view.setUint32(8, owner?.epoch ?? 0, true);
  view.setUint32(12, counter, true);
  block.set(crypto.sha256(code), 32);
  if (owner !== undefined) {
    const product = utf8(owner.product);
    if (product.length > productMaxBytes) throw new RangeError(`a product of ${product.length} bytes`);
    block.set(owner.rootPublicKey, 64);
    block[129] = product.length;
    block.set(product, 130);
    if (owner.agentDelegation !== undefined) writeSigner(crypto, view, owner, owner.agentDelegation);
  }
  view.setUint32(crcOffset, crc32(block.subarray(0, crcOffset)), true);
  return { address: chip.layout.anchorData.addressStart, bytes: block };
}

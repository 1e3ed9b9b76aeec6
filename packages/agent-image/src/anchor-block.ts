// The data block of the anchor (spec/anchor.md section 2): what it checks agents by. Personalization writes
// it beside the agent, into erase units that are write-protected in the end. Little-endian:
//    0 "FSAD"   4 version 1 (2)   6 length 256 (2)   8 epoch   12 counter of the measured agent   16 16 zeros
//   32 SHA-256 of its code   64 root, or zeros   129 product: length, or 0   130 product, 32   162 zeros
//  252 CRC-32

import { type Bytes, crc32, utf8 } from '@firmseal/bytes';
import type { Chip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { readAgentImage } from './image.ts';

const blockBytes = 256;
const crcOffset = blockBytes - 4;
const productMaxBytes = 32;

/** Whose agents the chip takes besides the measured one. */
export interface AnchorOwner {
  readonly rootPublicKey: Uint8Array;
  readonly product: string;
  readonly epoch: number;
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

/**
 * The block for an image of anchor and agent, which measures that agent, where the anchor looks for
 * it. Without an owner the chip takes no other agent, ever. RangeError for a product of more than 32
 * bytes. Throws `agent-image-malformed`.
 */
export function anchorPart(
  crypto: Pick<Crypto, 'sha256'>,
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
  }
  view.setUint32(crcOffset, crc32(block.subarray(0, crcOffset)), true);
  return { address: chip.layout.anchorData.addressStart, bytes: block };
}

// Enrolment (spec/device.md section 6): blocks of secrets, and the proofs that a chip gives with them. The
// bytes are put together here from the page, not by the product.

import { createHmac } from 'node:crypto';
import { type Bytes, crc32 } from '@firmseal/bytes';
import { keyPair } from './vector-keys.ts';
import { product } from './workshop.ts';

interface EnrolmentCase {
  readonly name: string;
  readonly block: Bytes;
  readonly nonce: Bytes;
  readonly epoch: number;
  readonly origin: number;
  readonly product: string;
  readonly id?: Bytes;
  readonly proof?: Bytes;
  readonly fault?: string;
}

const run = (length: number, first: number): Bytes =>
  Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const id = run(16, 0x10);
const secret = run(32, 0x40);

/** The block, edited before its checksum is made. */
function blockOf(edit: (block: Buffer) => void = () => {}): Bytes {
  const block = Buffer.alloc(64);
  block.write('FSEN', 'latin1');
  block.writeUInt32LE(1, 4);
  block.set(id, 8);
  block.set(secret, 24);
  edit(block);
  block.writeUInt32LE(crc32(block.subarray(0, 60)), 60);
  return new Uint8Array(block);
}

const usual = { nonce: run(32, 0x80), epoch: 3, origin: 2, product };

function proven(name: string, changes: Partial<typeof usual> = {}): EnrolmentCase {
  const claim = { ...usual, ...changes };
  const mac = createHmac('sha256', secret).update('firmseal/1 enrol').update(claim.nonce);
  for (const key of ['root', 'device', 'device KEM'] as const) mac.update(keyPair(key).publicKey);
  mac.update(u32(claim.epoch)).update(u32(claim.origin)).update(claim.product);
  return { name, ...claim, block: blockOf(), id, proof: new Uint8Array(mac.digest()) };
}

const missing = (name: string, block: Bytes): EnrolmentCase => ({
  ...{ name, ...usual, block, fault: 'enrolment-missing' },
});

/** One byte of the whole block changed, its checksum as it was. */
function torn(at: number): Bytes {
  const block = blockOf();
  block[at]! ^= 1;
  return block;
}

export const enrolmentCases = (): EnrolmentCase[] => [
  proven('as a chip proves it'),
  proven('in a rehearsal', { origin: 6 }),
  proven('the highest epoch', { epoch: 2 ** 31 - 1 }),
  proven('another nonce', { nonce: run(32, 0) }),
  proven('a product of 32 characters', { product: 'p'.repeat(32) }),
  missing('erased flash', new Uint8Array(64).fill(0xff)),
  missing(
    'another magic',
    blockOf((block) => block.write('FSBD', 'latin1')),
  ),
  missing(
    'a layout of another version',
    blockOf((block) => block.writeUInt32LE(2, 4)),
  ),
  missing('a wrong byte in the secret', torn(30)),
  missing('a wrong byte in the id', torn(8)),
  missing('a wrong checksum', torn(63)),
];

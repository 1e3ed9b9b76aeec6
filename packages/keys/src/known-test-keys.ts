// Public keys whose private halves are published: those of RFCs and of the test vectors under vectors/. A product
// whose root or signer is one of them protects nothing. Whoever adds a fixed key to a vector adds it here.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** SEC 1 uncompressed points, lower-case hexadecimal, and where the private half can be read. */
export const knownTestKeys: readonly { readonly publicKey: string; readonly from: string }[] = [
  {
    publicKey:
      '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    from: 'RFC 6979, A.2.5',
  },
  {
    publicKey:
      '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9' +
      '8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
    from: 'RFC 9180, A.3.1, ephemeral',
  },
  {
    publicKey:
      '04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82' +
      '6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0',
    from: 'RFC 9180, A.3.1, recipient',
  },
];

const known = new Set(knownTestKeys.map(({ publicKey }) => publicKey));

/** Throws `key-known-test` when the private half of this key (65 bytes) is public. */
export function refuseKnownTestKeys(publicKey: Uint8Array): void {
  const name = toHex(publicKey);
  if (known.has(name)) throw new Fault('key-known-test', { publicKey: name });
}

// Public keys whose private halves are published: those of RFCs and of the test vectors under
// vectors/. A product whose root or signer is one of them protects nothing. Whoever adds a
// fixed key to a vector adds it here.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/**
 * SEC 1 uncompressed points, and Ed25519 keys, lower-case hexadecimal, and where
 * the private half can be read.
 */
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
  {
    publicKey:
      '04903a15141b555c10ae8c8afa1d7cc989b05728c5f941e769af2545b822ae31f7' +
      '1715d6ffe18ca9d6ab658688024e77092187688e19889f9f51ebc0744b63095c',
    from: 'vectors/keys.json, root',
  },
  {
    publicKey:
      '04b51e8cdd5ce23d3b6fd006863f5133a5abc8644f30dd769178beb68b44b62627' +
      '56113136e7652ab291a3958b03a2aa437ab4a705b91aeddcadbb4fceca74da4d',
    from: 'vectors/keys.json, second root',
  },
  {
    publicKey:
      '04d6f268955cabc1a8bcb299c2b6699f42a5bd1836dcc892038f7bd45662f05214' +
      '75da4c7e1a9d08345643fd427463e946414fd56dbd9eae7775b7f8d251a8fd9d',
    from: 'vectors/keys.json, package signer',
  },
  {
    publicKey:
      '046ac5231a1ffe8e84161e19bc2fa510372b212390d293a9213965ed3b696a32df' +
      '99a8d741f41fbf7ac1a6b950ef2eae13af260fd9a13403b694e4aae6acd7599a',
    from: 'vectors/keys.json, license issuer',
  },
  {
    publicKey:
      '04d314aae5024da0e3a376fac779fdf257d170af147a4184ff3ceff132004c63cb' +
      'df93b5821ee832f8221cb5638d88cb5a4db62c01b65de156846a88a19e7dfe15',
    from: 'vectors/keys.json, device CA',
  },
  {
    publicKey:
      '04045e82b8c4f2f286630939fa4efbe9b7da32741c657fb930640be9b3117a3886' +
      'f2d5dc01ece44b705780103fa29f8e1ec4dbfa841fb332ee8585a92114255457',
    from: 'vectors/keys.json, device',
  },
  {
    publicKey:
      '0469522f5f37c3c4fc4579b0165256592f8980d6e20036f5e5f7c1dfc38054be4b' +
      '8f1554e5476a415ec823b3e7a64dff358196556ed2b32c9df98e57c40cd1f494',
    from: 'vectors/keys.json, device KEM',
  },
  {
    publicKey:
      '0401e4dbee2eae57c6684528412a1625757d2d01d633d52412656492633ded0902' +
      '2a4833c841d6b9f8d3cc2780aeccf238a369e89a40be009509ec663bb4507475',
    from: 'vectors/keys.json, authority KEM',
  },
  {
    publicKey:
      '04a1ffbb6af5bfbd5a99ec5fe363bbea58f811168437f9ed1138465185659d1a24' +
      '20361920508438e3912040a30d8c12a9b53cec118f6f492b1803d6784a9a1e2e',
    from: 'vectors/keys.json, HPKE ephemeral',
  },
  {
    publicKey:
      '04360fd677fcb145d78f0b284cedacfa4f79a2e84e3d8853e593981692cc8d42bb' +
      '796eeb37b12982e3c778bf8357dcbd5fa20250c9c5c4aa3479db106d9f3b9497',
    from: 'vectors/keys.json, stranger',
  },
  {
    publicKey: '46fbfecff2f2d702e5fe27f5d5a2319b5c53976a567c410595a8d8d0ea31c79c',
    from: 'vectors/ledger/verify.json, ledger',
  },
  {
    publicKey: '6eda3fce87c4458af694b1e6a1097b716f759b466fe1dd12db0a9edc5b8fda35',
    from: 'vectors/ledger/verify.json, witness 1',
  },
  {
    publicKey: 'afc699918eccaf62c06f02cf2a03174da20ca253083d4de779552119aa896c36',
    from: 'vectors/ledger/verify.json, witness 2',
  },
  {
    publicKey:
      '041c7644b4260944c6f011d49fe62efb175c47e0233903d1ac9f826fcb6a966411' +
      '0f81f9bcdbbb5d594f8d82e33a7b866552f4946494a1403ea73814d70670ec66',
    from: 'vectors/keys.json, agent signer',
  },
];

const known = new Set(knownTestKeys.map(({ publicKey }) => publicKey));

/** Throws `key-known-test` when the private half of this key (65 bytes, 32 of Ed25519) is public. */
export function refuseKnownTestKeys(publicKey: Uint8Array): void {
  const name = toHex(publicKey);
  if (known.has(name)) throw new Fault('key-known-test', { publicKey: name });
}

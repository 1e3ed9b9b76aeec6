// Vectors of sealing: spec/package.md sections 2, 4 and 5. With F given, everything in a package follows; a
// case has each value on the way, so that who seals wrongly sees where.

import { type Bytes, Secret, toHex } from '@firmseal/bytes';
import { openCose } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { deriveContentKey, manifestKind, packageKeys, plaintextDigest, splitPackage } from '@firmseal/seal';
import { manifestOf } from './license-parts.ts';
import { seededBytes } from './vector-keys.ts';
import { assemble, delegate, otherAreas, pieces } from './workshop.ts';

type Change = NonNullable<Parameters<typeof pieces>[0]>;

async function one(name: string, change: Change) {
  const randomness = change.randomness ?? seededBytes('content randomness', 32);
  const parts = await pieces({ ...change, randomness });
  const file = assemble(parts);
  const manifest = manifestOf(file);
  const { coreBytes, coreDigest, areaDigests, firstRecordHash, grant, core } = manifest;
  const plaintexts = (change.areas ?? []).map(({ plaintext }) => plaintext ?? null);
  const hashed = core.areas.flatMap(({ kind, address, lengthBytes }, i) =>
    kind === 'firmware' ? [{ address, lengthBytes, hash: crypto.sha256(plaintexts[i]!) }] : [],
  );
  const digestOfPlaintexts = plaintextDigest(crypto, hashed);
  const { contentKey, salt } = deriveContentKey(crypto, {
    ...{ randomness, coreDigest, plaintextDigest: digestOfPlaintexts },
  });
  if (toHex(contentKey.expose()) !== toHex(parts.contentKey)) throw new Error('another content key was used');
  const keys = packageKeys(crypto, { contentKey: new Secret(parts.contentKey), salt, coreDigest });
  return {
    name,
    core: coreBytes,
    plaintexts,
    randomness,
    grant,
    coreDigest,
    plaintextDigest: digestOfPlaintexts,
    contentKey: parts.contentKey,
    salt,
    commitment: keys.commitment,
    areaKeys: core.areas.map(({ kind }, i) => (kind === 'firmware' ? keys.areaKey(i) : null)),
    areaDigests,
    firstRecordHash,
    records: parts.records,
    payload: openCose(splitPackage(file).header.manifest, manifestKind.typ).payload,
    manifestDigest: manifest.digest,
  };
}

const firmware = (address: number, lengthBytes: number, label = 'sealed') => ({
  area: { kind: 'firmware' as const, address, lengthBytes },
  plaintext: seededBytes(`${label} ${address}`, lengthBytes),
});

export async function sealCases(): Promise<(Record<string, unknown> & { manifestDigest: Bytes })[]> {
  const small = [firmware(0x08040000, 96)];
  const constant = (value: number) => ({ ...small[0]!, plaintext: new Uint8Array(96).fill(value) });
  return Promise.all([
    one('one area, one record', { areas: small }),
    one('two areas, five records', { areas: [firmware(0x08040000, 2080), firmware(0x08080000, 2048)] }),
    one('a chunk that is exactly full', { areas: [firmware(0x08040000, 2048)] }),
    one('chunks of 4096 bytes', {
      areas: [firmware(0x08040000, 4128)],
      core: { chunkSizeBytes: 4096 },
    }),
    one('areas of all kinds', { areas: otherAreas, core: { entry: 0x08100000 } }),
    one('plaintext of zeros', { areas: [constant(0)] }),
    one('plaintext of erased flash', { areas: [constant(0xff)] }),
    one('the same randomness on another core', { areas: small, core: { firmwareVersion: '9.9 beta 1' } }),
    one('the same randomness on another plaintext', {
      areas: [{ ...small[0]!, plaintext: seededBytes('other', 96) }],
    }),
    one('other randomness on the same content', {
      areas: small,
      randomness: seededBytes('other randomness', 32),
    }),
    one('another grant', { areas: small, delegation: await delegate({ counterCap: 41 }) }),
    one('SBOM digest and requirements', {
      areas: small,
      core: {
        sbomDigest: seededBytes('sbom', 32),
        optionBytes: [{ register: 0, mask: 0xc0, value: 0x40 }],
        bootCheck: 'digest',
        interruption: 'trial',
      },
    }),
  ]);
}

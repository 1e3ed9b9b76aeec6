// Vectors of packages that are accepted, and of spec/package.md section 6, steps 11 and 12: key and records.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeSuccession } from '@firmseal/formats';
import { inventedChip, optionBytesAt, type PackageCase } from './package-case.ts';
import { keyPair, seededBytes, signerOf } from './vector-keys.ts';
import {
  assemble,
  delegate,
  epochStatement,
  otherAreas,
  type Pieces,
  pieces,
  product,
  rechain,
  succession,
} from './workshop.ts';

type Change = Parameters<typeof pieces>[0];

async function valid(
  name: string,
  change: Change = {},
  context: Partial<PackageCase> = {},
): Promise<PackageCase> {
  const parts = await pieces(change);
  return { name, file: assemble(parts), contentKey: parts.contentKey, ...context };
}

function validCases(): Promise<PackageCase>[] {
  const atLevel1 = (also = {}) => ({
    readoutLevel: 1 as const,
    optionBytes: optionBytesAt('stm32f427', 0xbb, also),
  });
  const small = otherAreas.slice(0, 1);
  const core = { entry: 0x08100000 };
  return [
    valid('two areas, four records'),
    valid(
      'per-device data and generated keys',
      { areas: otherAreas, core },
      { deviceData: [seededBytes('serial number', 32)] },
    ),
    valid(
      'chip with write units of 32 bytes',
      {
        areas: [
          {
            area: { kind: 'firmware', address: 0x08000000, lengthBytes: 1056 },
            plaintext: seededBytes('h743', 1056),
          },
        ],
        core: {
          chips: ['stm32f427', 'stm32h743'],
          entry: 0x08000000,
          chunkSizeBytes: 4096,
          bootCheck: 'digest',
        },
      },
      { chip: 'stm32h743' },
    ),
    (async () =>
      valid('epoch statement of the epoch of the delegation', {
        areas: small,
        core,
        epoch: await epochStatement(1),
      }))(),
    valid('counter far above the one of the chip', { areas: small, core: { ...core, securityCounter: 40 } }),
    (async () =>
      valid('delegation of a later epoch with the same grant', {
        areas: small,
        core,
        delegation: await delegate({ epoch: 7 }),
      }))(),
    (async () =>
      valid('epoch statement of before, which lowers nothing', {
        areas: small,
        core,
        delegation: await delegate({ epoch: 3 }),
        epoch: await epochStatement(1),
      }))(),
    (async () =>
      valid('succession of the root, delegation of the next one', {
        areas: small,
        core,
        successions: [await succession(4)],
        delegation: await delegate({ epoch: 4 }, 'second root'),
      }))(),
    (async () => {
      const parts = await pieces({ areas: small, core });
      // Of a root that this reader never had: passed over.
      const other = { product, publicKey: keyPair('second root').publicKey, epoch: 9 };
      parts.successions = [await makeSuccession(crypto, signerOf('stranger'), other)];
      return {
        name: 'succession that another root signed',
        file: assemble(parts),
        contentKey: parts.contentKey,
      };
    })(),
    (async () => {
      const parts = await pieces({ areas: small, core });
      // Same key, role, product and cap: what the manifest names is the grant.
      parts.delegation = await delegate({ epoch: 5 });
      parts.epoch = await epochStatement(5);
      return {
        name: 'package of epoch 1 under a delegation of epoch 5',
        file: assemble(parts),
        contentKey: parts.contentKey,
      };
    })(),
    valid('option bytes as they stand already', {
      areas: small,
      core: { ...core, optionBytes: [{ register: 0, mask: 0xffc0, value: 0xccc0 }] },
    }),
    valid(
      'another byte of readout level 1',
      {
        areas: small,
        core: { ...core, leastReadoutLevel: 1, optionBytes: [{ register: 0, mask: 0xff00, value: 0x5500 }] },
      },
      { state: atLevel1() },
    ),
    valid(
      'bit that can only be set, and is to be set',
      {
        areas: small,
        core: {
          ...core,
          chips: [inventedChip.id],
          leastReadoutLevel: 1,
          optionBytes: [{ register: 0, mask: 0x20, value: 0x20 }],
        },
      },
      {
        chip: inventedChip.id,
        state: {
          readoutLevel: 1 as const,
          optionBytes: optionBytesAt('stm32f427', 0xbb, { WDG_SW: 0 }),
        },
      },
    ),
    valid(
      'level 2 that a key can take back, where level 1 is enough',
      { areas: small, core: { ...core, leastReadoutLevel: 1 } },
      { state: { levelKey: true } },
    ),
    valid('SBOM digest, and policy erase', {
      areas: small,
      core: { ...core, sbomDigest: seededBytes('sbom', 32), interruption: 'erase' },
    }),
    valid('policy trial', { areas: small, core: { ...core, interruption: 'trial' } }),
    (async () => {
      const parts = await pieces({ areas: small, core });
      parts.license = seededBytes('license that is not looked at', 40);
      return { name: 'license in the header', file: assemble(parts), contentKey: parts.contentKey };
    })(),
  ];
}

async function changed(
  name: string,
  fault: PackageCase['fault'] & string,
  change: (parts: Pieces) => void,
  context: Partial<PackageCase> = {},
): Promise<PackageCase> {
  const parts = await pieces();
  change(parts);
  return { name, fault, file: assemble(parts), contentKey: parts.contentKey, ...context };
}

const flip = (bytes: Uint8Array, at: number) => {
  bytes[at]! ^= 1;
};

function keyAndRecordCases(): Promise<PackageCase>[] {
  return [
    changed('content key of another package', 'key-commitment-wrong', () => {}, {
      contentKey: seededBytes('another key', 32),
    }),
    changed(
      'commitment to another key',
      'key-commitment-wrong',
      (p) => void p.payload.set(4, seededBytes('commitment', 32)),
    ),
    changed('bit of the first ciphertext', 'record-hash-wrong', (p) => flip(p.records[0]!, 40)),
    changed('bit of the last tag', 'record-hash-wrong', (p) => flip(p.records[3]!, p.records[3]!.length - 1)),
    changed('bit of a next hash', 'record-hash-wrong', (p) => flip(p.records[1]!, 0)),
    changed('bit of the first hash in the manifest', 'record-hash-wrong', (p) =>
      flip(p.payload.get(1) as Uint8Array, 0),
    ),
    changed('two records exchanged', 'record-hash-wrong', (p) =>
      p.records.splice(2, 2, p.records[3]!, p.records[2]!),
    ),
    changed('a record in place of the next', 'record-hash-wrong', (p) =>
      p.records.splice(3, 1, p.records[2]!),
    ),
    changed('bit of a ciphertext, chained again', 'record-tag-wrong', (p) => {
      flip(p.records[2]!, 100);
      rechain(p);
    }),
    changed('bit of a tag, chained again', 'record-tag-wrong', (p) => {
      flip(p.records[0]!, p.records[0]!.length - 1);
      rechain(p);
    }),
    changed('two records of an area exchanged, chained again', 'record-tag-wrong', (p) => {
      p.records.splice(2, 2, p.records[3]!, p.records[2]!);
      p.records[3]!.set(new Uint8Array(32));
      rechain(p);
    }),
    changed('core changed and signed again', 'key-commitment-wrong', (p) => void p.core.set(4, '1.2.4')),
    changed('last record that announces another', 'record-hash-wrong', (p) => {
      p.records[3]!.set(seededBytes('no record', 32));
      rechain(p);
    }),
    changed('record that ends the chain early', 'record-hash-wrong', (p) => {
      p.records[1]!.set(new Uint8Array(32));
      rechain(p, 0);
    }),
    changed('early end with a wrong tag', 'record-tag-wrong', (p) => {
      p.records[1]!.set(new Uint8Array(32));
      flip(p.records[1]!, 60);
      rechain(p, 0);
    }),
    changed('no record', 'package-truncated', (p) => p.records.splice(0), { onLink: 'none' }),
    changed('last record missing', 'package-truncated', (p) => p.records.splice(3), { onLink: 'none' }),
    changed(
      'last byte missing',
      'package-truncated',
      (p) => p.records.splice(3, 1, p.records[3]!.slice(0, -1)),
      { onLink: 'record-length-wrong' },
    ),
    changed(
      'cut in a next hash',
      'package-truncated',
      (p) => p.records.splice(2, 2, p.records[2]!.slice(0, 31)),
      { onLink: 'record-length-wrong' },
    ),
    changed('wrong hash, then cut', 'record-hash-wrong', (p) => {
      flip(p.records[1]!, 50);
      p.records.splice(3);
    }),
    changed('a byte behind the last record', 'package-overlong', (p) => p.records.push(Uint8Array.of(0)), {
      onLink: 'none',
    }),
    changed('the last record twice', 'package-overlong', (p) => p.records.push(p.records[3]!), {
      onLink: 'none',
    }),
    changed('digest of an area', 'area-digest-wrong', (p) =>
      flip((p.payload.get(2) as Uint8Array[])[1]!, 31),
    ),
    changed(
      'digest of an area, and a byte behind',
      'package-overlong',
      (p) => {
        flip((p.payload.get(2) as Uint8Array[])[0]!, 0);
        p.records.push(Uint8Array.of(0));
      },
      { onLink: 'area-digest-wrong' },
    ),
  ];
}

export function recordCases(): Promise<PackageCase[]> {
  return Promise.all([...validCases(), ...keyAndRecordCases()]);
}

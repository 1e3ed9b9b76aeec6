// Generates vectors/: inputs with exact outcomes for every implementation. Nothing is random: fixed keys,
// seeded bytes, signatures with the nonces of RFC 6979. vectors/README.md says how the files are read.

import { type Bytes, Secret, toHex } from '@firmseal/bytes';
import { findChip, policyBits } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type Manifest, openRecords, splitPackage, verifyHeader } from '@firmseal/seal';
import { areaCases, orderCases } from './area-cases.ts';
import { boardCases } from './board-cases.ts';
import { delegationCases } from './delegation-cases.ts';
import {
  certificateCases,
  certificateNow,
  challenge,
  helloCases,
  receiptCases,
  receiptTerms,
} from './device-cases.ts';
import { headerCases } from './header-cases.ts';
import {
  chipNonce,
  contentKeyCases,
  deviceData,
  deviceThumbprint,
  licenseCases,
  licensedManifestDigest,
  licensedPackage,
  licensedPieces,
  standingBundle,
} from './license-cases.ts';
import { linkCases } from './link-cases.ts';
import { defaultState, type PackageCase } from './package-case.ts';
import { placeCases } from './place-cases.ts';
import { recordCases } from './record-cases.ts';
import { keyPair, vectorKeyNames } from './vector-keys.ts';
import { product } from './workshop.ts';

const rootPublicKey = keyPair('root').publicKey;

/** Byte arrays as hexadecimal, all else as it is; one case a line. */
function fileText(head: Record<string, unknown>, cases: readonly object[]): string {
  const plain = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return toHex(value);
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  };
  const lines = Object.entries(head).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(plain(value))},`,
  );
  const rows = cases.map((one) => `    ${JSON.stringify(plain(one))}`).join(',\n');
  return `{\n${lines.join('\n')}\n  "cases": [\n${rows}\n  ]\n}\n`;
}

/** What the specification takes from the catalogue, so that a reader needs no other file. */
function chipFacts(id: string) {
  const { layout, write, flash, options, readoutProtection, hasRandomGenerator } = findChip(id);
  const field = options.registers
    .flatMap(({ fields }) => fields)
    .find(({ name }) => name === readoutProtection.field)!;
  return {
    slots: layout.slots.map(({ storeStart, length }) => [storeStart, length]),
    writeUnitBytes: write.unitBytes,
    eraseUnits: flash.eraseUnits.map(({ addressStart, sizeBytes }) => [addressStart, sizeBytes]),
    hasRandomGenerator,
    readout: {
      register: field.register,
      lsb: field.lsb,
      level0: readoutProtection.level0,
      level2: readoutProtection.level2,
    },
    policyBits: Object.fromEntries(
      options.registers.map((register) => [register.id, policyBits(findChip(id), register.id)]),
    ),
  };
}

/** Plaintext that is released ahead of the outcome: of the whole package when there is no fault. */
function releasedOf({ file, contentKey }: PackageCase, manifest: Manifest) {
  const hash = crypto.createSha256();
  let bytes = 0;
  const { recordsOffset } = splitPackage(file);
  try {
    openRecords(
      crypto,
      { file, recordsOffset, manifest, contentKey: new Secret(contentKey!.slice()) },
      ({ plaintext }) => {
        hash.update(plaintext);
        bytes += plaintext.length;
      },
    );
  } catch {
    // The fault is the case's; the test holds the reader to it.
  }
  return { bytes, sha256: hash.digest() };
}

async function packageRow(one: PackageCase) {
  const { name, fault, onLink, file, contentKey, deviceData: data = [], ...context } = one;
  const state = context.state
    ? { state: { ...defaultState(context.chip ?? 'stm32f427'), ...context.state } }
    : {};
  const shared = { name, ...(fault ? { fault } : {}), ...(onLink ? { onLink } : {}), ...context, ...state };
  if (!contentKey) return { ...shared, file };
  const { manifest } = verifyHeader(crypto, splitPackage(file).header, { rootPublicKey, product, epoch: 1 });
  const license = await standingBundle(manifest.digest, manifest.core, contentKey as Bytes, data);
  const released = releasedOf(one, manifest);
  return { ...shared, contentKey, license, released, manifestDigest: manifest.digest, file };
}

async function packageFile(): Promise<string> {
  const cases = [
    ...(await recordCases()),
    ...(await headerCases()),
    ...(await areaCases()),
    ...(await orderCases()),
  ];
  const chips = Object.fromEntries(['stm32f427', 'stm32h743', 'stm32g0b1'].map((id) => [id, chipFacts(id)]));
  const states = Object.fromEntries(Object.keys(chips).map((id) => [id, defaultState(id)]));
  const head = {
    about:
      'Packages for the order of checks of spec/package.md section 6. A case that names no product, epoch, chip or state has the default; the default state is that of its chip.',
    rootPublicKey,
    product,
    epoch: 1,
    chip: 'stm32f427',
    states,
    chips,
    device: {
      thumbprint: deviceThumbprint,
      kemPrivateKey: keyPair('device KEM').privateKey,
      signingPrivateKey: keyPair('device').privateKey,
    },
  };
  return fileText(head, await Promise.all(cases.map(packageRow)));
}

async function build(): Promise<Map<string, string>> {
  const device = {
    signingKey: keyPair('device').publicKey,
    kemKey: keyPair('device KEM').publicKey,
    thumbprint: deviceThumbprint,
  };
  return new Map([
    [
      'vectors/keys.json',
      fileText(
        {
          about:
            'The fixed keys of all vectors: private key = SHA-256("firmseal test key: <name>"). Never to be used for anything else.',
        },
        vectorKeyNames.map((name) => ({ name, ...keyPair(name) })),
      ),
    ],
    [
      'vectors/delegation/verify.json',
      fileText(
        {
          about: 'Delegations and epoch statements for spec/delegation.md section 3.',
          rootPublicKey,
          product,
        },
        await delegationCases(),
      ),
    ],
    [
      'vectors/link/frames.json',
      fileText(
        {
          about:
            'Frames for spec/link.md section 1: what stands on the line, and the content that a receiver takes from it; none where content is missing. The type of all is 0x55, which no agent knows: one that takes the frame answers request-unknown with its sequence.',
        },
        linkCases(),
      ),
    ],
    [
      'vectors/board/read.json',
      fileText(
        {
          about:
            'Blocks for spec/board.md, read by the chip that is named: the settings as board.json says them (USB ids as numbers), or the fault.',
          chips: Object.fromEntries(
            ['stm32f427', 'stm32h743'].map((id) => [id, { number: findChip(id).number }]),
          ),
        },
        boardCases(),
      ),
    ],
    [
      'vectors/places/read.json',
      fileText(
        {
          about:
            'Texts for spec/places.md: each with its canonical text, or the fault of the first check that fails.',
        },
        placeCases(),
      ),
    ],
    ['vectors/package/open.json', await packageFile()],
    [
      'vectors/license/open.json',
      fileText(
        {
          about:
            'License bundles for spec/license.md section 4; the package was accepted. A case that names no product, epoch, nonce or thumbprint has the default; nonce null: none is left. No journaled license unless the case has one.',
          rootPublicKey,
          product,
          epoch: 1,
          package: licensedPackage,
          nonce: chipNonce,
          thumbprint: deviceThumbprint,
          kemPrivateKey: keyPair('device KEM').privateKey,
          contentKey: licensedPieces.contentKey,
          deviceData,
        },
        await licenseCases(),
      ),
    ],
    [
      'vectors/content-key/open.json',
      fileText(
        {
          about: 'Content-key files for spec/license.md section 3.',
          kemPrivateKey: keyPair('authority KEM').privateKey,
          manifestDigest: licensedManifestDigest,
          contentKey: licensedPieces.contentKey,
        },
        contentKeyCases(),
      ),
    ],
    [
      'vectors/hello/verify.json',
      fileText(
        {
          about:
            'Hellos for spec/device.md section 3. A case that names no challenge has the default; null: none was given.',
          ...device,
          challenge,
        },
        helloCases(),
      ),
    ],
    [
      'vectors/certificate/verify.json',
      fileText(
        {
          about:
            'Device certificates for spec/device.md section 2. A case that names no time has the default.',
          caPublicKey: keyPair('device CA').publicKey,
          product,
          now: certificateNow,
          ...device,
          chipId: 'stm32f427',
        },
        await certificateCases(),
      ),
    ],
    [
      'vectors/receipt/verify.json',
      fileText(
        {
          about:
            'Receipts for spec/receipt.md. A case that names no challenge has the default; null: none was given.',
          ...device,
          challenge,
          package: licensedPackage,
          rootPublicKey,
          product,
          epoch: 1,
          license: {
            licenseId: receiptTerms.licenseId,
            jobId: receiptTerms.jobId,
            manifestDigest: receiptTerms.manifestDigest,
            thumbprint: deviceThumbprint,
            receiptNonce: receiptTerms.receiptNonce,
          },
        },
        receiptCases(),
      ),
    ],
  ]);
}

const files = await build();

/** Path (from the project's root) to text. */
export function generateVectors(): Map<string, string> {
  return files;
}

// Generates vectors/: inputs with exact outcomes for every implementation. Nothing is random: fixed keys,
// seeded bytes, signatures with the nonces of RFC 6979. vectors/README.md says how the files are read.

import { type Bytes, Secret, toHex } from '@firmseal/bytes';
import { findChip, policyBits } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type Manifest, openRecords, splitPackage, verifyHeader } from '@firmseal/seal';
import { agentImageCases, measuredAgent } from './agent-image-cases.ts';
import { agentPackageCases } from './agent-package-cases.ts';
import { anchorCases } from './anchor-cases.ts';
import { approvalCases } from './approval-cases.ts';
import { areaCases, orderCases } from './area-cases.ts';
import { batchCases } from './batch-cases.ts';
import { boardCases } from './board-cases.ts';
import { certificateCases, certificateNow } from './certificate-cases.ts';
import { contentKeyCases } from './content-key-cases.ts';
import { delegationCases } from './delegation-cases.ts';
import { enrolmentCases } from './enrolment-cases.ts';
import { headerCases } from './header-cases.ts';
import { challenge, helloCases } from './hello-cases.ts';
import { ledgerCases, ledgerTrust } from './ledger-cases.ts';
import { licenseCases } from './license-cases.ts';
import {
  chipNonce,
  deviceData,
  deviceThumbprint,
  licensedManifestDigest,
  licensedPackage,
  licensedPieces,
  standingBundle,
} from './license-parts.ts';
import { linkCases } from './link-cases.ts';
import { messageCases } from './message-cases.ts';
import { defaultState, inventedChip, type PackageCase, vectorChip } from './package-case.ts';
import { placeCases } from './place-cases.ts';
import { licenseFacts, receiptCases, usualInstall } from './receipt-cases.ts';
import { recordCases } from './record-cases.ts';
import { recoveryCases, recoveryHello } from './recovery-cases.ts';
import { sealCases } from './seal-cases.ts';
import { sfiCases } from './sfi-cases.ts';
import {
  stationCases,
  stationChallenge,
  stationDelegation,
  stationJob,
  stationRequest,
} from './station-cases.ts';
import { usbCases } from './usb-cases.ts';
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
  const chip = vectorChip(id);
  const { layout, write, flash, options, readoutProtection, hasRandomGenerator, tier } = chip;
  const field = options.registers
    .flatMap(({ fields }) => fields)
    .find(({ name }) => name === readoutProtection.field)!;
  return {
    slots: layout.slots.map(({ storeStart, length }) => [storeStart, length]),
    agentSlot: [layout.agentCopy.addressStart, layout.agentCopy.length],
    writeUnitBytes: write.unitBytes,
    eraseUnits: flash.eraseUnits.map(({ addressStart, sizeBytes }) => [addressStart, sizeBytes]),
    hasRandomGenerator,
    tierReadoutLevel: tier.readoutLevel,
    ...(tier.repair && { repairReadoutLevel: tier.repair.readoutLevel }),
    readout: {
      register: field.register,
      lsb: field.lsb,
      level0: readoutProtection.level0,
      level2: readoutProtection.level2,
    },
    policyBits: Object.fromEntries(
      options.registers.map((register) => [register.id, policyBits(chip, register.id)]),
    ),
  };
}

/** Plaintext that is released before the outcome: of the whole package when there is no fault. */
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
  const { manifest, trust } = verifyHeader(crypto, splitPackage(file).header, {
    ...{ rootPublicKey, product, epoch: 1 },
  });
  const root = trust.rootPublicKey === rootPublicKey ? 'root' : 'second root';
  const license = await standingBundle(manifest, contentKey as Bytes, data, { root, epoch: trust.epoch });
  const released = releasedOf(one, manifest);
  return { ...shared, contentKey, license, released, manifestDigest: manifest.digest, file };
}

async function packageFile(): Promise<string> {
  const cases = [
    ...(await recordCases()),
    ...(await headerCases()),
    ...(await areaCases()),
    ...(await orderCases()),
    ...(await agentPackageCases()),
  ];
  const chips = Object.fromEntries(
    ['stm32f427', 'stm32h743', 'stm32g0b1', inventedChip.id].map((id) => [id, chipFacts(id)]),
  );
  const states = Object.fromEntries(Object.keys(chips).map((id) => [id, defaultState(id)]));
  const head = {
    about:
      'Packages for the order of checks of spec/package.md section 6. A case that names no product, epoch, chip or state has the default; the default state is that of its chip. The chip "invented" is in no catalogue.',
    rootPublicKey,
    product,
    epoch: 1,
    chip: 'stm32f427',
    states,
    chips,
    invented: inventedChip,
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
          about:
            'Delegations, epoch statements and successions for spec/delegation.md section 5. `before`: epochs of the delegations that were accepted for the same decision.',
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
      'vectors/link/messages.json',
      fileText(
        {
          about:
            'Single requests for spec/link.md sections 3 and 4, to a chip that was just reset: blank, or personalized with nothing installed. Without a fault the request is served. The chip has a random generator.',
          chip: 'stm32f427',
        },
        messageCases(),
      ),
    ],
    [
      'vectors/link/usb.json',
      fileText(
        {
          about:
            'Control requests for spec/link.md section 5, in order, after SET_CONFIGURATION 1 on a chip that was just reset and is blank: the eight bytes of each setup stage, `data` of its OUT stage, and `answer` (bytes of the IN stage) or `stall`. Bytes 1 to 3 of an answer to GETSTATUS are an estimate, and are not compared.',
          chip: 'stm32f427',
        },
        usbCases(),
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
      'vectors/enrolment/prove.json',
      fileText(
        {
          about:
            'Enrolment secrets for spec/device.md section 6: what the chip answers to the nonce, for the keys of the file, or the fault.',
          rootPublicKey,
          signingKey: keyPair('device').publicKey,
          kemKey: keyPair('device KEM').publicKey,
        },
        enrolmentCases(),
      ),
    ],
    [
      'vectors/recovery/open.json',
      fileText(
        {
          about:
            'Recovery bundles for spec/recovery.md section 3, for a chip whose journal stands and that has no floors: the thumbprint, the nonce and the counts of its last hello are those of the file.',
          ...{ rootPublicKey, product, epoch: 1 },
          ...{ thumbprint: deviceThumbprint, nonce: chipNonce, hello: recoveryHello },
        },
        await recoveryCases(),
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
    [
      'vectors/sfi/read.json',
      fileText(
        {
          about:
            "Files of ST's installer for spec/sfi.md section 1: the areas that a reader finds, each with the byte where its header stands, or the fault. Written from the page; none is a file of ST's tools.",
        },
        sfiCases(),
      ),
    ],
    [
      'vectors/agent-image/check.json',
      fileText(
        {
          about:
            'Images of agents for spec/agent-image.md section 3, each in a slot of its own; what is left of the slot is erased. An accepted one has its agentVersion, 0 for the measured agent. A case that names no chip, product or epoch has the default.',
          ...{
            rootPublicKey,
            product,
            epoch: 1,
            chip: 'stm32f427',
            slotBytes: 65_536,
            measured: measuredAgent,
          },
        },
        await agentImageCases(),
      ),
    ],
    [
      'vectors/anchor/start.json',
      fileText(
        {
          about:
            'Data blocks of the anchor for spec/anchor.md section 2: what a reader finds, or the fault. With an image, what the anchor that has the block makes of it, under no floor: its agentVersion, 0 for the measured agent, or the fault.',
          ...{ chip: 'stm32f427', slotBytes: 65_536 },
        },
        await anchorCases(),
      ),
    ],
    ['vectors/package/open.json', await packageFile()],
    [
      'vectors/package/seal.json',
      fileText(
        {
          about:
            'Sealing, given its randomness F: spec/package.md sections 2, 4 and 5. Everything that follows from core, plaintexts and F.',
          signerPrivateKey: keyPair('package signer').privateKey,
        },
        await sealCases(),
      ),
    ],
    [
      'vectors/license/open.json',
      fileText(
        {
          about:
            'License bundles for spec/license.md section 4; the package was accepted. A case that names no product, nonce, unwraps or package has the default; nonce null: none is left. No journaled license unless the case has one.',
          rootPublicKey,
          product,
          epoch: 1,
          package: licensedPackage,
          nonce: chipNonce,
          unwraps: 0,
          origin: 1,
          thumbprint: deviceThumbprint,
          kemPrivateKey: keyPair('device KEM').privateKey,
          contentKey: licensedPieces.contentKey,
          deviceData,
        },
        await licenseCases(),
      ),
    ],
    [
      'vectors/batch/open.json',
      fileText(
        {
          about:
            'Batches of licenses for spec/batch.md section 2, steps 1 to 5. An accepted one has the thumbprints of its devices, in order. A case that names no product has the default.',
          ...{ rootPublicKey, product, epoch: 1 },
        },
        await batchCases(),
      ),
    ],
    [
      'vectors/ledger/verify.json',
      fileText(
        {
          about:
            'Texts of spec/ledger.md, by their `kind`: a checkpoint (section 2), the proof of a license or a receipt (section 6), a proof of consistency between two trees (RFC 9162 section 2.1.4.2), a request to a witness that knows this ledger alone and has cosigned `seen` (section 8), the ledger policy of a job (section 9). The keys are the SHA-256 of "firmseal test key: ledger", "witness 1" and "witness 2" as Ed25519 seeds.',
          ...ledgerTrust,
        },
        await ledgerCases(),
      ),
    ],
    [
      'vectors/approval/verify.json',
      fileText(
        {
          about:
            "Objects of spec/approval.md: a policy (section 1), an approval with the approver's delegation (section 3, steps 1 to 3), a certificate of a job's end with the issuer's delegation (section 4). A case that names no epoch has the default.",
          ...{ rootPublicKey, product, epoch: 1 },
        },
        approvalCases(),
      ),
    ],
    [
      'vectors/station/verify.json',
      fileText(
        {
          about:
            'Objects of spec/station.md: a delegation (section 1 without its dates), a request (section 3, of `stationDelegation`, for `job` and `challenge`), a license bundle (section 4, for `request` and the accepted `package`), a statement (section 5, steps 1 and 2). A case that names no epoch has the default.',
          rootPublicKey,
          product,
          epoch: 1,
          package: licensedPackage,
          stationDelegation,
          job: stationJob,
          challenge: stationChallenge,
          request: stationRequest,
          kemPrivateKey: keyPair('device KEM').privateKey,
          contentKey: licensedPieces.contentKey,
          deviceData,
        },
        stationCases(),
      ),
    ],
    [
      'vectors/content-key/open.json',
      fileText(
        {
          about: 'Content-key files for spec/license.md section 3.',
          kemPrivateKey: keyPair('authority KEM').privateKey,
          ...{ package: licensedPackage, rootPublicKey, product, epoch: 1 },
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
          ...{ challenge, chipId: 'stm32f427', origin: 1 },
        },
        helloCases(),
      ),
    ],
    [
      'vectors/certificate/verify.json',
      fileText(
        {
          about:
            'Device certificates for spec/device.md section 2. A case that names no time or origin has the default. Any of caPublicKeys may have signed.',
          caPublicKeys: [keyPair('package signer').publicKey, keyPair('device CA').publicKey],
          product,
          now: certificateNow,
          ...device,
          ...{ chipId: 'stm32f427', origin: 1 },
        },
        await certificateCases(),
      ),
    ],
    [
      'vectors/receipt/verify.json',
      fileText(
        {
          about:
            'Receipts for spec/receipt.md. A case that names no challenge, chip, origin, license or package has the default; challenge null: none was given. The origin is that of the certificate and, where its license names no other, of the license. `outcome` is that of section 4.',
          ...device,
          challenge,
          chipId: 'stm32f427',
          origin: 1,
          package: licensedPackage,
          rootPublicKey,
          product,
          epoch: 1,
          license: licenseFacts(usualInstall),
          chips: { stm32f427: chipFacts('stm32f427'), stm32h743: chipFacts('stm32h743') },
        },
        await receiptCases(),
      ),
    ],
  ]);
}

const files = await build();

/** Path (from the project's root) to text. */
export function generateVectors(): Map<string, string> {
  return files;
}

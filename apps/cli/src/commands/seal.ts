// `firmseal seal`: an image file becomes a package and, beside it, the content key wrapped for the authority.

import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type ImageFormat, imageFormats, readImage } from '@firmseal/image';
import { openKeyFile, refuseKnownTestKeys, signerOf } from '@firmseal/keys';
import { sealContentKey } from '@firmseal/license';
import {
  type Area,
  checkPolicy,
  checkTrialRoom,
  chunkSizes,
  planAreas,
  policyRequirements,
  protectedReadoutLevel,
  type ReadoutLevel,
  sealPackage,
} from '@firmseal/seal';
import { readInput, refuseExisting, writeOutput } from '../files.ts';
import { readChoice, readNumber } from '../numbers.ts';
import { readPassphrase } from '../passphrase.ts';
import { readPublicKey } from '../public-key-file.ts';

interface SealOptions {
  chip: string;
  product: string;
  firmwareVersion: string;
  counter: string;
  signer: string;
  delegation: string;
  rootKey: string;
  authorityKey: string;
  out: string;
  address?: string;
  format?: string;
  chunk: string;
  interruption: string;
  bootCheck: string;
  leastLevel?: string;
  option: string[];
  generated: string[];
  deviceData: string[];
  epochStatement?: string;
  sbom?: string;
  allowOpen?: boolean;
  allowUnprotected?: boolean;
  allowIrreversible?: boolean;
  passphraseFile?: string;
}

const highestAddress = 0xffff_ffff;

/** `address:length[:keep|renew]`; keep and renew belong to generated keys. */
function readArea(text: string, kind: 'generated-keys' | 'device-data'): Area {
  const option = kind === 'generated-keys' ? '--generated' : '--device-data';
  const [address, length, onUpdate, ...rest] = text.split(':');
  if (address === undefined || length === undefined || rest.length > 0) {
    throw new Fault('option-invalid', { option, value: text, expected: 'address:length' });
  }
  const place = {
    address: readNumber(address, option, { most: highestAddress }),
    lengthBytes: readNumber(length, option, { least: 1 }),
  };
  if (kind === 'device-data') return { kind, ...place };
  return { kind, ...place, onUpdate: readChoice(onUpdate ?? 'keep', option, ['keep', 'renew'] as const) };
}

function readFields(texts: readonly string[]): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const text of texts) {
    const [, name, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new Fault('option-invalid', { option: '--option', value: text, expected: 'NAME=VALUE' });
    }
    fields[name] = readNumber(value, '--option', { most: highestAddress });
  }
  return fields;
}

/** The reader's options, without the ones that were not given. */
function imageOptions(path: string, { address, format }: SealOptions) {
  return {
    fileName: path,
    ...(address === undefined ? {} : { address: readNumber(address, '--address', { most: highestAddress }) }),
    ...(format === undefined ? {} : { format: readChoice<ImageFormat>(format, '--format', imageFormats) }),
  };
}

export async function seal(path: string, options: SealOptions): Promise<void> {
  const keyFile = `${options.out}.key`;
  refuseExisting(options.out, keyFile);
  const chip = findChip(options.chip);
  const image = readImage(readInput(path), imageOptions(path, options));
  const otherAreas = [
    ...options.generated.map((text) => readArea(text, 'generated-keys')),
    ...options.deviceData.map((text) => readArea(text, 'device-data')),
  ];
  const plan = planAreas(image.segments, chip, { otherAreas });
  const leastReadoutLevel = (
    options.leastLevel === undefined
      ? protectedReadoutLevel([chip])
      : readNumber(options.leastLevel, '--least-level', { most: 2 })
  ) as ReadoutLevel;
  const core = {
    product: options.product,
    chips: [chip.id],
    firmwareVersion: options.firmwareVersion,
    securityCounter: readNumber(options.counter, '--counter'),
    chunkSizeBytes: chunkSizes.find(
      (size) => String(size) === readChoice(options.chunk, '--chunk', chunkSizes.map(String)),
    )!,
    entry: plan.entry,
    optionBytes: policyRequirements(chip, readFields(options.option)),
    leastReadoutLevel,
    interruption: readChoice(options.interruption, '--interruption', ['erase', 'resume', 'trial'] as const),
    leastAgentVersion: 0,
    bootCheck: readChoice(options.bootCheck, '--boot-check', ['record', 'digest'] as const),
    ...(options.sbom === undefined ? {} : { sbomDigest: nodeCrypto.sha256(readInput(options.sbom)) }),
  };
  checkPolicy(core, [chip], options);
  checkTrialRoom(
    core,
    plan.areas.map(({ area }) => area),
    [chip],
  );

  const passphrase = await readPassphrase(`the signer key ${options.signer}`, options.passphraseFile);
  const key = await openKeyFile(nodeCrypto, { path: options.signer, passphrase, role: 'package-signer' });
  const rootPublicKey = readPublicKey(options.rootKey);
  const authorityKey = readPublicKey(options.authorityKey);
  for (const publicKey of [rootPublicKey, authorityKey, key.publicKey]) refuseKnownTestKeys(publicKey);
  const sealed = await sealPackage(nodeCrypto, {
    core,
    areas: plan.areas,
    signer: signerOf(nodeCrypto, key),
    delegation: readInput(options.delegation),
    rootPublicKey,
    ...(options.epochStatement === undefined ? {} : { epoch: readInput(options.epochStatement) }),
  });
  key.privateKey.wipe();
  const { contentKey, manifestDigest } = sealed;
  const wrapped = sealContentKey(nodeCrypto, { contentKey, manifestDigest, authorityKemKey: authorityKey });
  contentKey.wipe();
  writeOutput(keyFile, [wrapped], 0o600);
  writeOutput(options.out, sealed.parts);
  const sizeBytes = sealed.parts.reduce((sum, part) => sum + part.length, 0);
  process.stdout.write(
    `${options.out}: ${options.product} ${options.firmwareVersion} for ${chip.id}, ${sizeBytes} bytes, from ${image.format}\n` +
      `${keyFile}: its content key, readable by the authority only\n`,
  );
}

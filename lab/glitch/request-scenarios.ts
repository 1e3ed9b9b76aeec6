// Requests that must be refused: packages, licenses and records that are wrong in one
// thing, and messages out of place.

import { concatBytes } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import { requestTypes } from '@firmseal/link';
import { personalizeBegin, personalizeFinish } from '../../device/agent/test/line.ts';
import { delegate, pattern } from '../../device/agent/test/trusted-site.ts';
import { agentUpdates } from './agent-scenarios.ts';
import { optionUnknown } from './option-bytes.ts';
import { options } from './option-scenarios.ts';
import { recordsOf } from './record-scenarios.ts';
import {
  aboveCap,
  headerWith,
  licenseRequest,
  otherVersion,
  packageRequest,
  type Request,
  recordRequest,
} from './requests.ts';
import type { Made, Scenario } from './scenario.ts';
import { statements } from './statement-scenarios.ts';
import type { Target } from './target.ts';
import { goodUpdate, type Update } from './update.ts';

async function packages(target: Target, { sealed, header, license, records }: Update): Promise<Made[]> {
  const { packageHeaderMost } = target.code.constants;
  const made = async (...how: Parameters<Target['package']>) =>
    packageRequest((await target.package(...how)).headerBytes);
  const withMember = (member: number, bytes: Uint8Array) =>
    packageRequest(headerWith(sealed.headerBytes, member, bytes));
  const by = async (change: Parameters<typeof delegate>[2], role: Parameters<typeof delegate>[0]) =>
    withMember(1, await delegate(role, 'package signer', change));
  const after = [licenseRequest(license), ...records];
  const forged = (await target.package({ securityCounter: 6 }, { seed: 2, stranger: 'attacker' }))
    .headerBytes;
  const [manifest] = decodeCbor(forged, { maxBytes: 8192 }) as Uint8Array[];
  const expected = target.after([header], () => target.session());
  return [
    {
      name: 'manifest signature altered',
      request: packageRequest(target.alteredManifest(sealed)),
      refusal: 'manifest-signature-invalid',
      after,
    },
    {
      name: 'delegation altered',
      request: packageRequest(target.alteredDelegation(sealed)),
      refusal: 'delegation-signature-invalid',
      after,
    },
    {
      name: "manifest of an attacker whose key a refused request left in the agent's stack",
      before: [packageRequest(forged)],
      request: withMember(0, manifest!),
      refusal: 'manifest-signature-invalid',
    },
    {
      name: 'delegation for another role',
      request: await by({}, 'license-issuer'),
      refusal: 'delegation-role-wrong',
    },
    {
      name: 'delegation revoked',
      request: await by({ epoch: 0 }, 'package-signer'),
      refusal: 'delegation-revoked',
    },
    {
      name: "counter beyond the delegation's",
      request: packageRequest(await aboveCap(sealed.headerBytes, 5)),
      refusal: 'delegation-counter-exceeded',
    },
    {
      name: 'counter rolled back',
      request: await made({ securityCounter: 4 }, { seed: 3 }),
      refusal: 'counter-rolled-back',
    },
    {
      name: 'package for another chip',
      request: await made({ securityCounter: 6, chips: ['stm32l476'] }),
      refusal: 'manifest-chip-wrong',
    },
    {
      name: 'package for a newer agent',
      request: await made({ securityCounter: 6, leastAgentVersion: 2 }),
      refusal: 'agent-too-old',
    },
    {
      name: 'package with a byte too many',
      request: packageRequest(concatBytes(sealed.headerBytes, Uint8Array.of(0))),
      refusal: 'package-malformed',
    },
    {
      name: 'package header too large',
      request: packageRequest(
        // With as many bytes as are left, the header has two bytes more.
        headerWith(sealed.headerBytes, 4, new Uint8Array(packageHeaderMost - sealed.headerBytes.length)),
      ),
      refusal: 'package-header-too-large',
    },
    {
      name: 'readout level too low',
      request: await made({ securityCounter: 6, leastReadoutLevel: 1 }),
      refusal: 'readout-level-too-low',
    },
    {
      name: 'policy of a bit that the chip does not have',
      request: await made({ securityCounter: 6, optionBytes: [optionUnknown(target.line.chip.chip)] }),
      refusal: 'policy-field-unknown',
    },
    {
      name: 'good package, taken with other terms',
      request: header,
      statusIsNothing: true,
      isBad: (now) => now.phase() === 'package' && now.session() !== expected,
    },
  ];
}

/**
 * The beginning of an install is attacked; power is cut when half of the new firmware,
 * with its vectors, is written.
 */
function cutOff(
  target: Target,
  install: { readonly header: Request; readonly license: Uint8Array; readonly record: Request },
): Omit<Made, 'name'> {
  const begin = licenseRequest(install.license);
  const begun = target.after([install.header, begin], () => target.journal());
  return {
    before: [install.header],
    request: begin,
    statusIsNothing: true,
    isBad: (now) => now.phase() === 'records' && now.journal() !== begun,
    after: [install.record],
    endsBad: (now) => now.boots() !== undefined,
  };
}

async function licenses(target: Target, { sealed, header, license, records }: Update): Promise<Made[]> {
  const made = async (change: Parameters<Target['license']>[1]) =>
    licenseRequest(await target.license(sealed, change));
  const all: Made[] = [
    {
      name: 'license for another device',
      request: await made({ thumbprint: new Uint8Array(32).fill(7) }),
      refusal: 'license-device-wrong',
    },
    {
      name: 'license for another package',
      request: await made({ terms: { manifestDigest: new Uint8Array(32).fill(7) } }),
      refusal: 'license-manifest-wrong',
    },
    {
      name: 'license replayed',
      request: await made({ nonce: pattern(16, 9) }),
      refusal: 'license-nonce-wrong',
    },
    {
      name: "counter below the license's floor",
      request: await made({ terms: { counterFloor: 7 } }),
      refusal: 'license-counter-floor',
    },
    {
      name: "counter beyond the issuer's",
      request: await made({
        delegation: await delegate('license-issuer', 'license issuer', { counterCap: 5 }),
      }),
      refusal: 'delegation-counter-exceeded',
    },
    {
      name: 'license of an issuer whose delegation is revoked',
      request: await made({ delegation: await delegate('license-issuer', 'license issuer', { epoch: 0 }) }),
      refusal: 'delegation-revoked',
    },
    {
      name: 'license with a byte too many',
      request: licenseRequest(concatBytes(license, Uint8Array.of(0))),
      refusal: 'license-malformed',
    },
    {
      name: 'license of another version',
      request: licenseRequest(otherVersion(license)),
      refusal: 'license-version-unsupported',
    },
    {
      name: 'license signature altered',
      request: licenseRequest(target.alteredLicense(license)),
      refusal: 'license-signature-invalid',
    },
    {
      name: 'license with another content key',
      request: await made({ contentKey: pattern(32, 8) }),
      refusal: 'key-commitment-wrong',
    },
  ];
  const expected = target.after([header, licenseRequest(license)], () => target.terms() + target.state());
  const ended = target.after([header, licenseRequest(license), ...records], () => target.state());
  const erasing = await target.package({ securityCounter: 6, interruption: 'erase' }, { seed: 2 });
  return [
    {
      name: 'good license, taken otherwise',
      before: [header],
      request: licenseRequest(license),
      statusIsNothing: true,
      isBad: (now) => now.phase() === 'records' && now.terms() + now.state() !== expected,
      after: records,
      endsIn: ended,
    },
    {
      name: 'good license, and power goes behind the first record',
      ...cutOff(target, { header, license, record: records[0]! }),
    },
    {
      name: 'good license of policy erase, and power goes behind the first record',
      ...cutOff(target, {
        header: packageRequest(erasing.headerBytes),
        license: await target.license(erasing),
        record: recordRequest(0, erasing.records[0]!),
      }),
    },
    ...all.map((one) => ({ before: [header], after: records, ...one })),
    {
      name: 'license opened sixteen times before',
      before: [...Array.from({ length: 16 }, () => [header, licenseRequest(license)]).flat(), header],
      request: licenseRequest(license),
      refusal: 'license-unwraps-exhausted',
    },
    {
      name: 'license without a package',
      request: licenseRequest(license),
      refusal: 'request-out-of-state',
      after: records,
    },
  ];
}

/** On a chip that has an identity and an application. */
export async function requests(target: Target): Promise<Scenario[]> {
  const update = await goodUpdate(target);
  const from = target.snapshot();
  target.line.chip.powerOn();
  const made = [
    ...(await packages(target, update)),
    ...(await statements(target, update)),
    ...(await options(target)),
    ...(await licenses(target, update)),
    ...(await recordsOf(target, update)),
    ...(await agentUpdates(target)),
    {
      name: 'personalized once more: begin',
      request: { type: requestTypes['personalize-begin'], body: personalizeBegin(pattern(64, 5)) },
      refusal: 'already-personalized',
    },
    {
      name: 'personalized once more: finish',
      request: { type: requestTypes['personalize-finish'], body: personalizeFinish(pattern(64, 6), []) },
      refusal: 'already-personalized',
    },
  ];
  return made.map((one) => ({ from, before: [], after: [], ...one }));
}

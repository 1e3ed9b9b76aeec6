// The example of README.md, run as it stands there, and each object with one byte changed.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeLicenseBundle } from '@firmseal/license';
import { expect, it } from 'vitest';
import {
  delegation,
  filled,
  issuerDelegation,
  issuerDigest,
  manifest,
  newContentKey,
  product,
  recipient,
  rootPublicKey,
  station as sameStation,
  issuer as signer,
  stationSigner,
} from '../test/sealed-for-station.ts';
import { holderOfChip } from './holder.ts';
import { checkOutcome, makeOutcome, type OutcomeStatement, verifyOutcome } from './outcome-statement.ts';
import { makeStationRequest, type StationRequest, verifyStationRequest } from './request.ts';
import { checkStationDate, verifyStation } from './station-delegation.ts';
import { issueStationLicense, openStationLicense, verifyStationLicense } from './station-license.ts';

const { publicKey: kemKey } = recipient;
const [jobId, challenge, chipId] = [filled(16, 1), filled(32, 2), manifest.core.chips[0]!];
const holder = holderOfChip(crypto, chipId, filled(12, 3));
const contentKey = newContentKey();
const asked = {
  ...{ purpose: 'license' as const, jobId, challenge, nonce: filled(16, 4), chipId, holder, kemKey },
  ...{ stationDigest: sameStation.digest, manifestDigest: manifest.digest },
} satisfies StationRequest;
const deviceData = [filled(32, 8)];
const given = {
  ...{ jobId, licenseId: filled(16, 5), unitIndex: 0, holder, chipId, outcomeNonce: filled(32, 6) },
  delegationDigest: issuerDigest,
};
const outcome = {
  ...{ jobId, unitIndex: 0, holder, chipId, method: 'station' as const, stationDigest: sameStation.digest },
  ...{
    result: 'FAILED' as const,
    cause: 'write-not-done',
    licenseDigest: filled(32, 7),
    nonce: filled(32, 6),
  },
  ...{ contentDigest: manifest.digest, areaDigests: [], uninterrupted: true, atSeconds: 1 },
} satisfies OutcomeStatement;

it('the example of the README; a change in any object of it is noticed', async () => {
  const station = verifyStation(crypto, delegation, { rootPublicKey, product });
  const request = await makeStationRequest(crypto, stationSigner, asked);
  const verified = verifyStationRequest(crypto, request, { station, jobId, challenge });

  const terms = { ...given, requestDigest: verified.digest };
  const inputs = { terms, manifest, kemKey, contentKey, deviceData, signer };
  const license = await issueStationLicense(crypto, inputs);
  const bundle = makeLicenseBundle({ license, delegation: issuerDelegation });
  const found = verifyStationLicense(crypto, { bundle, rootPublicKey, product, epoch: 1 });
  const opened = openStationLicense(crypto, { license: found, manifest, request: verified, recipient });

  const statement = await makeOutcome(crypto, stationSigner, outcome);
  const said = verifyOutcome(crypto, statement, station);

  expect(opened.contentKey.expose()).toEqual(newContentKey().expose());
  expect(opened.deviceData).toEqual(deviceData);
  expect(said).toMatchObject({ result: 'FAILED', cause: 'write-not-done' });
  const { digest } = found;
  const { outcomeNonce, deviceDataDigests } = found.terms;
  const install = { manifest, license: { digest, outcomeNonce, deviceDataDigests } };
  expect(() => checkOutcome(said, install)).toThrow('another license');
  for (const at of [0, 20, 60, 120, statement.length - 1]) {
    const changed = (bytes: Uint8Array<ArrayBuffer>) =>
      bytes.map((byte, i) => (i === Math.min(at, bytes.length - 1) ? byte ^ 1 : byte));
    expect(() => verifyOutcome(crypto, changed(statement), station)).toThrow(/statement/);
    expect(() => verifyStation(crypto, changed(delegation), { rootPublicKey })).toThrow(/delegation/);
    expect(() => verifyStationRequest(crypto, changed(request), { station, jobId })).toThrow(/request/);
  }
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});

it('a delegation holds on its first and last second, and not beside them', () => {
  const at = (seconds: number) => () => checkStationDate(sameStation, seconds * 1000);
  for (const seconds of [100, 200.999]) expect(at(seconds)).not.toThrow();
  for (const seconds of [99.999, 201]) expect(at(seconds)).toThrow('bench-1 holds from');
  const later = { rootPublicKey, product, epoch: 2 };
  expect(() => verifyStation(crypto, delegation, later)).toThrow('an epoch that the owner has ended');
  expect(() => verifyStation(crypto, delegation, { rootPublicKey, product: 'pump' })).toThrow('product');
});

it('holders differ by chip id and unique id, however the two are cut', () => {
  const names = [holderOfChip(crypto, 'ab', filled(1, 0x63)), holderOfChip(crypto, 'abc', filled(0, 0))];
  expect(names[0]).not.toEqual(names[1]);
});

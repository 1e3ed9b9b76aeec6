// The job of an authority for `firmseal sfi install --job`: units taken and outcomes stated under the key of
// the station (spec/station.md). ST's installer proves nothing, so what is told is the station's word.

import { randomBytes } from 'node:crypto';
import { type StationAccess, stationAccessForJob } from '@firmseal/authority-client';
import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { Station } from '@firmseal/programmer';
import type { Ledger } from '@firmseal/sfi';
import { holderOfCertificate, makeOutcome, makeStationRequest } from '@firmseal/station';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';
import { readPublicKey } from '../public-key-file.ts';
import { withStation } from '../unproven/station-key.ts';

export interface JobOptions {
  readonly job?: Bytes | undefined;
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly rootKey?: string | undefined;
  readonly stationKey?: string | undefined;
  readonly stationDelegation?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

const purpose = "count chips of ST's installer in a job";

function given<T>(value: T | undefined, option: string): T {
  if (value === undefined) throw new Fault('station-option-missing', { option, purpose });
  return value;
}

const newBytes = (count: number): Bytes => Uint8Array.from(randomBytes(count));

function ledgerOf(
  { station, access, job, chipId }: { station: Station; access: StationAccess; job: Bytes; chipId: string },
  onAway: (fault: Fault) => void,
): Ledger {
  const { signer, delegation, verified } = station;
  const jobHex = toHex(job);
  return {
    job: jobHex,
    take: async (certificate) => {
      const challenge = await access.giveChallenge('hello');
      const request = await makeStationRequest(nodeCrypto, signer, {
        ...{ purpose: 'unit', jobId: job, challenge, nonce: newBytes(16), chipId },
        ...{ stationDigest: verified.digest, holder: holderOfCertificate(nodeCrypto, certificate) },
      });
      const { unitIndex } = await access.takeStationUnit({ request, delegation, challenge });
      return { job: jobHex, unitIndex };
    },
    state: async ({ certificate, unit, outcome, cause, image, uninterrupted }) =>
      toHex(
        await makeOutcome(nodeCrypto, signer, {
          ...{ jobId: job, unitIndex: unit.unitIndex, chipId, method: 'vendor-installer' },
          holder: holderOfCertificate(nodeCrypto, certificate),
          ...{ stationDigest: verified.digest, result: outcome, ...(cause === undefined ? {} : { cause }) },
          ...{ nonce: newBytes(32), contentDigest: fromHex(image), areaDigests: [], uninterrupted },
          atSeconds: Math.floor(Date.now() / 1000),
        }),
      ),
    deliver: async (statement) => {
      try {
        await access.storeOutcome({ statement: fromHex(statement), delegation });
        return true;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        onAway(error);
        return false;
      }
    },
  };
}

/**
 * Lets `use` count in the job, where one is named. Throws `station-option-missing`, and the faults of keys,
 * delegation and address.
 */
export async function withLedger<T>(
  face: Face,
  { options, chipId }: { options: JobOptions; chipId: string },
  use: (ledger: Ledger | undefined) => Promise<T>,
): Promise<T> {
  const { job, passphraseFile } = options;
  if (job === undefined) return use(undefined);
  const authority = given(options.authority, '--authority');
  const tokenFile = given(options.tokenFile, '--token-file');
  const rootPublicKey = readPublicKey(given(options.rootKey, '--root-key'));
  const files = {
    stationKey: given(options.stationKey, '--station-key'),
    stationDelegation: given(options.stationDelegation, '--station-delegation'),
    passphraseFile,
  };
  const access = stationAccessForJob(accessAuthority(face, { authority, tokenFile }), job);
  const onAway = ({ code, message }: Fault) =>
    face.warn(
      `The authority did not get the outcome (${code}: ${message}) The books keep it for the next run.`,
    );
  return withStation(face, { files, trust: { rootPublicKey } }, (station) =>
    use(ledgerOf({ station, access, job, chipId }, onAway)),
  );
}

// The file of `--records`: a JSON line for each chip that was let go, with the record that the device CA
// signed (spec/device.md section 5). Lines are only added; the same chip can stand there twice.

import { appendFileSync } from 'node:fs';
import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { type CertificateSigner, makeIdentityRecord } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { faultOfFile } from '@firmseal/files';
import type { PersonalizedDevice } from '@firmseal/personalization';

export interface RecordFacts {
  /** In hexadecimal; undefined where another programmer wrote the agent. */
  readonly agentSha256: string | undefined;
  readonly board: string;
  readonly now: Date;
}

/** The signed record of a chip. */
export function recordOf(
  deviceCa: CertificateSigner,
  { certificate, challenge, hello, uniqueId }: PersonalizedDevice,
  { agentSha256, board, now }: RecordFacts,
): Promise<Bytes> {
  return makeIdentityRecord(nodeCrypto, deviceCa, {
    ...{ certificate, challenge, hello, uniqueId, board },
    agentSha256: agentSha256 === undefined ? null : fromHex(agentSha256),
    madeAt: Math.floor(now.getTime() / 1000),
  });
}

function append(path: string, text: string): void {
  try {
    appendFileSync(path, text, { flush: true });
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

/** Before the first chip is erased. Throws the faults of files. */
export const refuseUnwritableRecords = (path: string): void => append(path, '');

/** Throws the faults of files. */
export function appendRecord(path: string, device: PersonalizedDevice, record: Uint8Array): void {
  const line = {
    thumbprint: toHex(device.device.thumbprint),
    chip: device.device.chipId,
    uniqueId: toHex(device.uniqueId),
    record: Buffer.from(record).toString('base64'),
  };
  append(path, `${JSON.stringify(line)}\n`);
}

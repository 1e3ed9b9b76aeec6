// The record of a personalized chip that is nowhere: its keys are made here, and the desk's device CA
// certifies them as it would a chip's.

import { Secret, toHex, utf8 } from '@firmseal/bytes';
import { issueDeviceCertificate, makeIdentityRecord } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { thumbprintOf } from '@firmseal/formats';
import { openKeyFile, signerOf } from '@firmseal/keys';
import { makeHello } from '@firmseal/license';
import { type Desk, deskEnvironment } from './desk.ts';

const origin = { kind: 'witnessed', rehearsal: false } as const;

/** A line of a file of records, with its line feed. */
export async function chipRecord({ at }: Desk): Promise<string> {
  const passphrase = new Secret(utf8(deskEnvironment.FIRMSEAL_PASSPHRASE));
  const ca = signerOf(
    nodeCrypto,
    await openKeyFile(nodeCrypto, { path: at('ca.key'), passphrase, role: 'device-ca' }),
  );
  const [signing, kem] = [nodeCrypto.generateP256(), nodeCrypto.generateP256()];
  const thumbprint = thumbprintOf(nodeCrypto, signing.publicKey, kem.publicKey);
  const names = { chipId: 'stm32f427', product: 'panel', thumbprint, origin };
  const certificate = await issueDeviceCertificate(nodeCrypto, {
    device: { ...names, signingKey: signing.publicKey, kemKey: kem.publicKey },
    signer: ca,
    notBefore: new Date('2026-01-01T00:00:00Z'),
  });
  const challenge = nodeCrypto.randomBytes(32);
  const signer = {
    publicKey: signing.publicKey,
    sign: async (message: Uint8Array) => nodeCrypto.signEs256(signing.privateKey, message),
  };
  const hello = await makeHello(nodeCrypto, signer, {
    ...{ challenge, nonce: nodeCrypto.randomBytes(16), thumbprint, chipId: 'stm32f427', origin },
    ...{ lifeCycle: 'personalized', optionBytes: [], readoutLevel: 2, securityCounter: 0, epoch: 0 },
    ...{ installCount: 0, agentVersion: 1, levelKey: false, unwraps: 0 },
  });
  const record = await makeIdentityRecord(nodeCrypto, ca, {
    ...{ certificate, challenge, hello, uniqueId: Uint8Array.of(1), agentSha256: null, board: '' },
    madeAt: Math.floor(Date.now() / 1000),
  });
  const line = { thumbprint: toHex(thumbprint), record: Buffer.from(record).toString('base64') };
  return `${JSON.stringify(line)}\n`;
}

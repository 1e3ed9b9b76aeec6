// Who certifies the chips of `firmseal personalize`: a key of this site, or the authority, which counts them
// against the cap of the site that the token names (spec/device.md section 7).

import type { AuthorityClient } from '@firmseal/authority-client';
import type { Bytes } from '@firmseal/bytes';
import type { CertificateSigner } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { signerOf } from '@firmseal/keys';
import type { RemoteDeviceCa } from '@firmseal/personalization';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';
import { releaseDate } from '../release-date.ts';
import { withKey } from '../secret-files.ts';
import { deviceCaOfAuthority } from './authority-device-ca.ts';

interface Options {
  readonly deviceCa?: string | undefined;
  readonly siteCertifying?: true | undefined;
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly passphraseFile?: string | undefined;
  readonly records?: string | undefined;
  readonly enrolmentList?: string | undefined;
}

interface ChosenDeviceCa {
  readonly deviceCa: CertificateSigner | RemoteDeviceCa;
  readonly validFrom: Date;
  /** Of a key of this site: its file, and who signs records with it. */
  readonly file?: string;
  readonly signer?: CertificateSigner;
}

interface Owner {
  readonly product: string;
  readonly epoch: number;
  readonly rootPublicKey: Bytes;
}

type Use = (owner: Owner, work: (chosen: ChosenDeviceCa) => Promise<void>) => Promise<void>;

const misuse = (detail: string) =>
  new Fault('command-line-invalid', { command: 'firmseal personalize', detail });

/**
 * Opens nothing yet. Throws `device-ca-missing`, `command-line-invalid` for options that do not go together,
 * and as accessAuthority.
 */
export function chosenDeviceCa(face: Face, options: Options): Use {
  const { deviceCa: file, siteCertifying = false, passphraseFile } = options;
  if (siteCertifying) return certifiedAtAuthority(clientOf(face, options));
  if (file === undefined) throw new Fault('device-ca-missing');
  const ca = { file, role: 'device-ca', what: 'the device CA key', passphraseFile } as const;
  return (_, work) =>
    withKey(face, ca, (key) => {
      const signer = signerOf(nodeCrypto, key);
      return work({ deviceCa: signer, signer, file, validFrom: releaseDate });
    });
}

function clientOf(face: Face, options: Options): AuthorityClient {
  const { authority, tokenFile } = options;
  if (authority === undefined || tokenFile === undefined)
    throw misuse('--site-certifying needs --authority and --token-file');
  const unfit = (['deviceCa', 'records', 'enrolmentList'] as const).find((one) => options[one] !== undefined);
  const names = { deviceCa: '--device-ca', records: '--records', enrolmentList: '--enrolment-list' };
  if (unfit !== undefined) throw misuse(`${names[unfit]} does not go with --site-certifying`);
  return accessAuthority(face, { authority, tokenFile });
}

const certifiedAtAuthority =
  (client: AuthorityClient): Use =>
  async (owner, work) =>
    work({ deviceCa: await deviceCaOfAuthority(client, owner), validFrom: new Date() });

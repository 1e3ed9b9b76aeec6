// Who certifies the new keys of a chip: a key at this place, or an authority that counts by site
// (spec/device.md section 7). Both get the same proof.

import type { Bytes } from '@firmseal/bytes';
import { type CertificateSigner, issueDeviceCertificate } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import type { DevicePublic } from '@firmseal/formats';

/** A device CA at another place, which is asked for each chip. */
export interface RemoteDeviceCa {
  /** Of the device CAs whose certificates are taken, 65 bytes each. */
  readonly publicKeys: readonly Bytes[];
  /** For the hello of a chip. Throws where no chip would be certified now. */
  challenge(): Promise<Bytes>;
  /** The same keys get the same certificate again. Throws why they are not certified. */
  certify(proof: {
    readonly device: DevicePublic;
    readonly hello: Bytes;
    readonly challenge: Bytes;
  }): Promise<Bytes>;
}

export type DeviceCa = CertificateSigner | RemoteDeviceCa;

/** A key at this place in the form of a remote one. */
export function certifierOf(
  crypto: Crypto,
  { deviceCa, validFrom }: { readonly deviceCa: DeviceCa; readonly validFrom: Date },
): RemoteDeviceCa {
  if ('certify' in deviceCa) return deviceCa;
  return {
    publicKeys: [new Uint8Array(deviceCa.publicKey)],
    challenge: async () => crypto.randomBytes(32),
    certify: ({ device }) =>
      issueDeviceCertificate(crypto, { device, signer: deviceCa, notBefore: validFrom }),
  };
}

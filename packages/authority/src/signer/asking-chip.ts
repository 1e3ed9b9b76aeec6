// The chip that asks for a license: its certificate and its hello, verified once. The authority has them
// verified before it takes a unit, and asks for the license with the same bytes right after.

import { toHex, u32be } from '@firmseal/bytes';
import { type CertifiedDevice, requireValidAt, verifyCertifiedDevice } from '@firmseal/certificate';
import type { DevicePublic } from '@firmseal/formats';
import { type Hello, verifyHello } from '@firmseal/license';
import type { ProductTrust } from '../service/authority.ts';
import { Remembered } from '../service/remembered.ts';
import type { ChipRequest } from './issuing-signer.ts';
import type { SignerContext } from './signer-context.ts';

interface VerifiedChip {
  readonly certified: CertifiedDevice;
  readonly hello: Hello;
}

/** Of a product's configuration, by all that was verified. Chips that were refused are not kept. */
const verified = new WeakMap<ProductTrust, Remembered<VerifiedChip>>();
const mostRemembered = 1024;

/** Throws the faults of certificate and hello. The certificate's dates are compared every time. */
export function verifyAskingChip(
  { onceCrypto: crypto, clock }: Pick<SignerContext, 'onceCrypto' | 'clock'>,
  trust: ProductTrust,
  { certificate, hello: encoded, challenge }: ChipRequest,
): { device: DevicePublic; hello: Hello } {
  const known = verified.get(trust) ?? new Remembered<VerifiedChip>(mostRemembered);
  verified.set(trust, known);
  const now = new Date(clock.nowMs());
  // Lengths before their parts: no other three give the same digest.
  const lengths = [u32be(certificate.length), u32be(encoded.length)];
  const question = toHex(crypto.sha256(...lengths, certificate, encoded, challenge));
  const { certified, hello } = known.answer(question, () => {
    const { deviceCaKeys: caPublicKeys, product } = trust;
    const certified = verifyCertifiedDevice(crypto, certificate, { caPublicKeys, product, now });
    return { certified, hello: verifyHello(crypto, { hello: encoded, device: certified.device, challenge }) };
  });
  requireValidAt(certified, now);
  return { device: certified.device, hello };
}

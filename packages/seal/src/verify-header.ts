// Delegation, manifest, core and areas of a package, in the order of spec/package.md section 6, steps 2 to 6.
// What the chip adds to it (steps 7 to 10) is in check-chip.ts; the records are opened in open.ts.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  checkCounterCap,
  checkSigned,
  type Delegation,
  digestOf,
  openSigned,
  type Trust,
  verifyAuthority,
} from '@firmseal/formats';
import {
  coreDigestOf,
  decodeManifestPayload,
  finishCore,
  type Manifest,
  manifestObjectMaxBytes,
  manifestPayloadMaxBytes,
  manifestTyp,
} from './manifest.ts';
import type { PackageHeader } from './package-file.ts';

export interface VerifiedHeader {
  readonly manifest: Manifest;
  readonly signer: Delegation;
  /**
   * In force: the higher of the one known and the statement's. To be stored only once all else was accepted.
   */
  readonly epoch: number;
}

/**
 * Steps 2 to 6. Throws the epoch and delegation faults, then `manifest-too-large`, `manifest-malformed`,
 * `manifest-signature-invalid`, `manifest-version-unsupported`, `suite-unsupported`,
 * `manifest-product-wrong`, `delegation-counter-exceeded`, and the faults of areas, entry and requirements.
 */
export function verifyHeader(crypto: Crypto, header: PackageHeader, trust: Trust): VerifiedHeader {
  const { delegate: signer, epoch } = verifyAuthority(
    crypto,
    { delegation: header.delegation, epochStatement: header.epoch },
    { ...trust, role: 'package-signer' },
  );
  return { manifest: verifyManifest(crypto, header.manifest, signer), signer, epoch };
}

/**
 * Steps 3 to 6, under a delegation that was verified. Throws as verifyHeader, but for epoch and delegation.
 */
export function verifyManifest(crypto: Crypto, signed: Bytes, signer: Delegation): Manifest {
  if (signed.length > manifestObjectMaxBytes)
    throw new Fault('manifest-too-large', { lengthBytes: signed.length });
  const object = openSigned(signed, manifestTyp, 'manifest-malformed');
  if (object.payload.length > manifestPayloadMaxBytes)
    throw new Fault('manifest-too-large', { lengthBytes: object.payload.length });
  checkSigned(crypto, object, { publicKey: signer.publicKey, invalid: 'manifest-signature-invalid' });
  const payload = decodeManifestPayload(object.payload);
  const { product, securityCounter } = payload.draft;
  if (product !== signer.product)
    throw new Fault('manifest-product-wrong', { product, expected: signer.product });
  checkCounterCap(signer, securityCounter);
  const core = finishCore(payload);
  const { coreBytes, firstRecordHash, areaDigests, salt, commitment } = payload;
  return {
    core,
    coreBytes,
    coreDigest: coreDigestOf(crypto, coreBytes),
    firstRecordHash,
    areaDigests,
    salt,
    commitment,
    digest: digestOf(crypto, object),
    signed,
  };
}

// Delegation, manifest, core and areas of a package, in the order of spec/package.md section 6, steps 2 to 6.
// What the chip adds to it (steps 7 to 10) is in check-chip.ts; the records are opened in open.ts.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  checkCounterCap,
  type Delegation,
  digestOf,
  type GrownTrust,
  grantOf,
  type Trust,
  type VerifiedDelegation,
  verifyAuthority,
  verifySigned,
} from '@firmseal/formats';
import { coreDigestOf, decodeManifestPayload, finishCore, type Manifest, manifestKind } from './manifest.ts';
import type { PackageHeader } from './package-file.ts';

export interface VerifiedHeader {
  readonly manifest: Manifest;
  readonly signer: VerifiedDelegation;
  /**
   * Root, product and epoch as the header leaves them, and the signer's delegation: the license for the
   * package is verified with it. To be stored only once all else was accepted.
   */
  readonly trust: GrownTrust;
}

/**
 * Steps 2 to 6. Throws the faults of verifyAuthority, then `manifest-too-large`, `manifest-malformed`,
 * `manifest-signature-invalid`, `manifest-version-unsupported`, `suite-unsupported`,
 * `manifest-product-wrong`, `manifest-grant-wrong`, `delegation-counter-exceeded`, and the faults
 * of areas, entry and requirements.
 */
export function verifyHeader(crypto: Crypto, header: PackageHeader, trust: Trust): VerifiedHeader {
  const { delegation, epoch: epochStatement, successions } = header;
  const { delegate: signer, trust: grown } = verifyAuthority(
    crypto,
    { delegation, epochStatement, successions },
    { ...trust, role: 'package-signer' },
  );
  return { manifest: verifyManifest(crypto, header.manifest, signer), signer, trust: grown };
}

/**
 * Steps 3 to 6, under a delegation that was verified. Throws as verifyHeader, from `manifest-too-large` on.
 */
export function verifyManifest(crypto: Crypto, signed: Bytes, signer: Delegation): Manifest {
  const object = verifySigned(crypto, signed, { kind: manifestKind, publicKey: signer.publicKey });
  const payload = decodeManifestPayload(object.payload);
  const { product, securityCounter } = payload.draft;
  if (product !== signer.product)
    throw new Fault('manifest-product-wrong', { product, expected: signer.product });
  if (!equalBytes(payload.grant, grantOf(crypto, signer))) throw new Fault('manifest-grant-wrong');
  checkCounterCap(signer, securityCounter);
  const core = finishCore(payload);
  const { coreBytes, firstRecordHash, areaDigests, salt, commitment, grant } = payload;
  return {
    core,
    coreBytes,
    coreDigest: coreDigestOf(crypto, coreBytes),
    firstRecordHash,
    areaDigests,
    salt,
    commitment,
    grant,
    digest: digestOf(crypto, object),
    signed,
  };
}

// A station's statement as a file: the statement and every public object that its reader needs besides the
// root's public key. spec/station.md section 7.

import type { Bytes } from '@firmseal/bytes';
import { byteString, encodeCbor, nullable, oneOf, tuple } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { readItem, readValue, type Trust } from '@firmseal/formats';
import { decodeHeader, type Manifest, verifyHeader } from '@firmseal/seal';
import { checkOutcome, type VerifiedOutcome, verifyOutcome } from './outcome-statement.ts';
import { type VerifiedStation, verifyStation } from './station-delegation.ts';
import { verifyStationLicense } from './station-license.ts';

export interface OutcomeFile {
  /** Of the station, encoded. */
  readonly delegation: Bytes;
  readonly statement: Bytes;
  /** Package header without magic and length, and license bundle; absent with ST's installer. */
  readonly package?: { readonly header: Bytes; readonly bundle: Bytes };
}

const magic = 'firmseal outcome 1';
const mostBytes = 16_384;
const object = (most: number) => byteString(1, most);
const shape = tuple(oneOf(magic), object(1024), object(2048), nullable(object(4096)), nullable(object(4096)));

export function encodeOutcomeFile({ delegation, statement, package: sealed }: OutcomeFile): Bytes {
  return encodeCbor([magic, delegation, statement, sealed?.header ?? null, sealed?.bundle ?? null]);
}

/** Throws `outcome-file-malformed`. Nothing in it is verified yet. */
function readOutcomeFile(bytes: Uint8Array): OutcomeFile {
  const code = 'outcome-file-malformed';
  if (bytes.length > mostBytes) throw new Fault(code);
  const [, delegation, statement, header, bundle] = readValue(
    readItem(bytes, code),
    code,
    'outcome file',
    shape,
  );
  if ((header === null) !== (bundle === null)) throw new Fault(code);
  return {
    ...{ delegation, statement },
    ...(header === null || bundle === null ? {} : { package: { header, bundle } }),
  };
}

export interface StatedOutcome {
  readonly station: VerifiedStation;
  readonly statement: VerifiedOutcome;
  /** Absent with ST's installer. */
  readonly manifest?: Manifest;
}

/**
 * Who says what, by the owner's root key alone. A delegation that was ended since still counts for what was
 * signed under it. Throws `outcome-file-malformed`, and the faults of station delegation, statement, package
 * and license; `outcome-wrong`.
 */
export function verifyOutcomeFile(crypto: Crypto, bytes: Uint8Array, known: Trust): StatedOutcome {
  const file = readOutcomeFile(bytes);
  const { rootPublicKey, product } = known;
  const trust = { rootPublicKey, product };
  const station = verifyStation(crypto, file.delegation, trust);
  const statement = verifyOutcome(crypto, file.statement, station);
  const sealed = file.package;
  if ((sealed === undefined) !== (statement.method === 'vendor-installer'))
    throw new Fault('outcome-wrong', { what: 'package' });
  if (sealed === undefined) return { station, statement };
  const { manifest } = verifyHeader(crypto, decodeHeader(sealed.header), {
    ...{ rootPublicKey, product: station.product },
  });
  const { terms, digest } = verifyStationLicense(crypto, {
    ...{ bundle: sealed.bundle, rootPublicKey, product: station.product, epoch: 0 },
  });
  const { outcomeNonce, deviceDataDigests } = terms;
  checkOutcome(statement, { manifest, license: { digest, outcomeNonce, deviceDataDigests } });
  return { station, statement, manifest };
}

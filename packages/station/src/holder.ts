// The name under which a chip that has no identity holds a unit of a quota: spec/station.md section 2. What
// is hashed is what the chip says of itself, so an emulator can say anything.

import { type Bytes, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

const chipLabel = utf8('firmseal/1 station holder\0');
const certificateLabel = utf8('firmseal/1 sfi holder\0');

/** Of a chip with a unique id that can be read; 32 bytes. */
export function holderOfChip(crypto: Crypto, chipId: string, uniqueId: Uint8Array): Bytes {
  return crypto.sha256(chipLabel, utf8(`${chipId}\0`), uniqueId);
}

/** Of a chip that ST's installer knows by the certificate in its ROM, as `-gc` reads it; 32 bytes. */
export function holderOfCertificate(crypto: Crypto, certificate: Uint8Array): Bytes {
  return crypto.sha256(certificateLabel, certificate);
}

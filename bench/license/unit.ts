// The cryptography that no license can do without: one key agreement, one signature, one encryption of what a
// license encloses, by node:crypto in the shortest form that was found. The keys of the service are held as
// it holds them; the key of the device comes as bytes, as it does in its certificate.

import {
  createCipheriv,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Sizes in bytes, as a license without per-device data has them. */
const sizes = { license: 700, terms: 300, plaintext: 36, nonce: 12 } as const;

export function makeUnit(): () => void {
  const [issuer, ephemeral] = [newKey().privateKey, newKey().privateKey];
  const device = newKey().publicKey.export({ format: 'der', type: 'spki' });
  const license = randomBytes(sizes.license);
  const terms = randomBytes(sizes.terms);
  const plaintext = randomBytes(sizes.plaintext);
  const nonce = randomBytes(sizes.nonce);
  return () => {
    const pem = `-----BEGIN PUBLIC KEY-----\n${device.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    const shared = diffieHellman({ privateKey: ephemeral, publicKey: createPublicKey(pem) });
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(shared), nonce);
    cipher.setAAD(terms);
    cipher.update(plaintext);
    cipher.final();
    cipher.getAuthTag();
    sign('sha256', license, issuer);
  };
}

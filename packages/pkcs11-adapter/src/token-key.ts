// One P-256 key in a PKCS #11 token: made there, not extractable, for signatures or for key
// agreement and never both. Every signature is verified before it is returned, so that a token
// that computes wrong gives an error.

import { createHash } from 'node:crypto';
import { type Bytes, equalBytes, utf8 } from '@firmseal/bytes';
import { type Crypto, lowS } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type KeyRole, keyRoles, type TokenKey, type TokenKeyPlace } from '@firmseal/keys';
import { cki, loadModule, type Pkcs11 } from './pkcs11-library.ts';
import { type Pkcs11Uri, parsePkcs11Uri } from './pkcs11-uri.ts';
import { type Session, TokenSessions } from './token-sessions.ts';

/** namedCurve P-256, DER of its object identifier (RFC 5480 section 2.1.1.1). */
const p256 = Buffer.from('06082a8648ce3d030107', 'hex');
const pointSizeBytes = 65;

const usageOf = (role: KeyRole): number => (role === 'authority-kem' ? cki.derive : cki.sign);

class Pkcs11Key implements TokenKey {
  readonly publicKey: Bytes;
  readonly #crypto: Crypto;
  readonly #module: Pkcs11;
  readonly #sessions: TokenSessions;
  readonly #find: (session: Session) => Buffer;
  readonly #role: KeyRole;
  #handle: Buffer;
  #generation: number;

  constructor(inputs: {
    crypto: Crypto;
    module: Pkcs11;
    sessions: TokenSessions;
    role: KeyRole;
    handle: Buffer;
    publicKey: Bytes;
    find: (session: Session) => Buffer;
  }) {
    this.#crypto = inputs.crypto;
    this.#module = inputs.module;
    this.#sessions = inputs.sessions;
    this.#role = inputs.role;
    this.#handle = inputs.handle;
    this.#generation = inputs.sessions.generation;
    this.#find = inputs.find;
    this.publicKey = inputs.publicKey;
  }

  /** Handles of objects end with the sessions in which they were found. */
  #handleIn(session: Session): Buffer {
    if (this.#generation !== this.#sessions.generation) {
      this.#handle = this.#find(session);
      this.#generation = this.#sessions.generation;
    }
    return this.#handle;
  }

  #expect(allowed: boolean, expected: string): void {
    if (!allowed) throw new Fault('key-role-wrong', { role: this.#role, expected });
  }

  async sign(message: Uint8Array): Promise<Bytes> {
    this.#expect(this.#role !== 'authority-kem', 'a role that signs');
    const digest = createHash('sha256').update(message).digest();
    const signature = await this.#sessions.use('a signature', (session) => {
      this.#module.C_SignInit(session, { mechanism: cki.ecdsa }, this.#handleIn(session));
      return this.#module.C_SignAsync(session, digest, Buffer.alloc(64));
    });
    const low = lowS(Uint8Array.from(signature));
    if (!this.#crypto.verifyEs256(this.publicKey, message, low))
      throw new Fault('token-failed', {
        ...{ token: this.#sessions.name, operation: 'a signature' },
        reason: 'the signature does not verify under its public key',
      });
    return low;
  }

  async ecdh(publicKey: Uint8Array): Promise<Bytes | undefined> {
    this.#expect(this.#role === 'authority-kem', 'authority-kem');
    if (!this.#crypto.isP256Point(publicKey)) return undefined;
    const parameter = { type: cki.ecdhParameters, kdf: cki.noKdf, publicData: Buffer.from(publicKey) };
    return this.#sessions.use('a key agreement', async (session) => {
      const mechanism = { mechanism: cki.ecdh1Derive, parameter };
      const secret = await this.#module.C_DeriveKeyAsync(session, mechanism, this.#handleIn(session), [
        { type: cki.classAttribute, value: cki.secretKeyClass },
        { type: cki.keyType, value: cki.genericSecret },
        { type: cki.token, value: false },
        { type: cki.sensitive, value: false },
        { type: cki.extractable, value: true },
        { type: cki.valueLength, value: 32 },
      ]);
      try {
        const [{ value }] = this.#module.C_GetAttributeValue(session, secret, [{ type: cki.value }]) as [
          { value: Buffer },
        ];
        const x = Uint8Array.from(value);
        value.fill(0);
        return x;
      } finally {
        this.#module.C_DestroyObject(session, secret);
      }
    });
  }

  close(): void {
    this.#sessions.close();
  }
}

function findObjects(module: Pkcs11, session: Session, uri: Pkcs11Uri, ofClass: number): Buffer[] {
  module.C_FindObjectsInit(session, [
    { type: cki.classAttribute, value: ofClass },
    ...(uri.object === undefined ? [] : [{ type: cki.label, value: uri.object }]),
    ...(uri.id === undefined ? [] : [{ type: cki.id, value: Buffer.from(uri.id) }]),
  ]);
  try {
    return module.C_FindObjects(session, 2);
  } finally {
    module.C_FindObjectsFinal(session);
  }
}

const objectName = (uri: Pkcs11Uri): string => uri.object ?? Buffer.from(uri.id!).toString('hex');

function findOne(module: Pkcs11, session: Session, uri: Pkcs11Uri, ofClass: number): Buffer {
  const [found, ...more] = findObjects(module, session, uri, ofClass);
  const name = { object: objectName(uri), token: uri.token ?? uri.serial ?? `slot ${uri.slotId}` };
  if (found === undefined)
    throw new Fault('token-key-missing', {
      ...name,
      kind: ofClass === cki.publicKeyClass ? 'public' : 'private',
    });
  if (more.length > 0)
    throw new Fault('token-key-unfit', { ...name, what: 'more than one key has this name' });
  return found;
}

/** Reads and checks what the private key may do, and its public key. Throws `token-key-unfit`. */
function inspect(crypto: Crypto, module: Pkcs11, session: Session, uri: Pkcs11Uri, role: KeyRole) {
  const unfit = (what: string) =>
    new Fault('token-key-unfit', { object: objectName(uri), token: uri.token ?? '', what });
  const handle = findOne(module, session, uri, cki.privateKeyClass);
  const read = (object: Buffer, type: number) =>
    module.C_GetAttributeValue(session, object, [{ type }])[0]!.value;
  const flag = (type: number) => read(handle, type).some((byte) => byte !== 0);
  if (!read(handle, cki.ecParameters).equals(p256)) throw unfit('it is no key on the curve P-256');
  if (!flag(usageOf(role))) throw unfit(`its usage does not allow what ${role} is for`);
  if (flag(cki.extractable) || !flag(cki.sensitive)) throw unfit('it can be taken out of the token');
  // The role stands in the id, unless the URI names an id of its own.
  const id = new TextDecoder().decode(read(handle, cki.id));
  if (uri.id === undefined && keyRoles.some((one) => one === id) && id !== role)
    throw new Fault('key-role-wrong', { role: id, expected: role });
  const point = read(findOne(module, session, uri, cki.publicKeyClass), cki.ecPoint);
  // A DER octet string of the point, or, of some tokens, the point itself.
  const publicKey = Uint8Array.from(point.length === pointSizeBytes + 2 ? point.subarray(2) : point);
  if (!crypto.isP256Point(publicKey)) throw unfit('its public key is no point on the curve P-256');
  return { handle, publicKey };
}

async function sessionsOf({ uri: text, pin }: TokenKeyPlace) {
  const uri = parsePkcs11Uri(text, process.env);
  const module = await loadModule(uri.module);
  return { uri, module, sessions: new TokenSessions(module, uri, pin) };
}

/** Opens a key that the token has. Throws as OpenTokenKey says, and `key-role-wrong`. */
export async function openTokenKey(crypto: Crypto, place: TokenKeyPlace): Promise<TokenKey> {
  const { uri, module, sessions } = await sessionsOf(place);
  const { role } = place;
  try {
    const { handle, publicKey } = await sessions.use('looking for the key', (session) =>
      inspect(crypto, module, session, uri, role),
    );
    const find = (session: Session): Buffer => {
      const again = inspect(crypto, module, session, uri, role);
      if (!equalBytes(again.publicKey, publicKey))
        throw new Fault('token-key-another', { object: objectName(uri), token: sessions.name });
      return again.handle;
    };
    return new Pkcs11Key({ crypto, module, sessions, role, handle, publicKey, find });
  } catch (error) {
    sessions.close();
    throw error;
  }
}

/**
 * Makes a key pair in the token, of which the private key never leaves it. Throws as openTokenKey, and
 * `token-key-exists`.
 */
export async function makeTokenKey(crypto: Crypto, place: TokenKeyPlace): Promise<{ publicKey: Bytes }> {
  const { uri, module, sessions } = await sessionsOf(place);
  const { role } = place;
  try {
    const label = uri.object;
    if (label === undefined)
      throw new Fault('token-uri-invalid', { what: 'a new key needs a name: object is due' });
    await sessions.use('making the key', (session) => {
      if (findObjects(module, session, uri, cki.privateKeyClass).length > 0)
        throw new Fault('token-key-exists', { object: label, token: sessions.name });
      const name = [
        { type: cki.token, value: true },
        { type: cki.label, value: label },
        { type: cki.id, value: Buffer.from(uri.id ?? utf8(role)) },
      ];
      const signs = role !== 'authority-kem';
      module.C_GenerateKeyPair(
        session,
        { mechanism: cki.ecKeyPairGeneration },
        [...name, { type: cki.ecParameters, value: p256 }, { type: cki.verify, value: signs }],
        [
          ...name,
          { type: cki.private, value: true },
          { type: cki.sensitive, value: true },
          { type: cki.extractable, value: false },
          { type: cki.sign, value: signs },
          { type: cki.derive, value: !signs },
        ],
      );
    });
    const { publicKey } = await sessions.use('looking for the key', (session) =>
      inspect(crypto, module, session, uri, role),
    );
    return { publicKey };
  } finally {
    sessions.close();
  }
}

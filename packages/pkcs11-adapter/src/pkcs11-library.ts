// The npm package pkcs11js, as this adapter uses it. It is native code that npm compiles where it is
// installed, so nobody gets it who did not ask: an optional peer, loaded when the first token is opened, and
// missed with a fault that names what to install.

import { Fault } from '@firmseal/fault';

/** The version that this adapter was tried with; what the remedy tells people to install. */
const libraryVersion = '2.1.7';

type Handle = Buffer;
interface Attribute {
  readonly type: number;
  readonly value?: Buffer | string | number | boolean;
}
interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: unknown;
}

export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly serialNumber: string;
}

export interface Pkcs11 {
  load(path: string): void;
  close(): void;
  C_Initialize(options?: { flags: number }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: readonly Attribute[]): { value: Buffer }[];
  C_GenerateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { publicKey: Handle; privateKey: Handle };
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, into: Buffer): Promise<Buffer>;
  C_DeriveKeyAsync(
    session: Handle,
    mechanism: Mechanism,
    key: Handle,
    template: readonly Attribute[],
  ): Promise<Handle>;
  C_DestroyObject(session: Handle, object: Handle): void;
}

interface Pkcs11Library {
  readonly PKCS11: new () => Pkcs11;
}

/** Names of the specification (PKCS #11 2.40), and their numbers. */
export const cki = {
  ...{ serialSession: 4, readWriteSession: 2, osLocking: 2, user: 1 },
  ...{ classAttribute: 0, token: 1, private: 2, label: 3, value: 0x11, keyType: 0x100, id: 0x102 },
  ...{ sensitive: 0x103, sign: 0x108, verify: 0x10a, derive: 0x10c, valueLength: 0x161 },
  ...{ extractable: 0x162, ecParameters: 0x180, ecPoint: 0x181 },
  ...{ publicKeyClass: 2, privateKeyClass: 3, secretKeyClass: 4, ecKeyType: 3, genericSecret: 0x10 },
  ...{ ecKeyPairGeneration: 0x1040, ecdsa: 0x1041, ecdh1Derive: 0x1050 },
  ...{ ecdhParameters: 6, noKdf: 1 },
} as const;

/** Return values that mean: the session, the login or the token is gone, and may come back. */
const goneCodes: readonly number[] = [
  ...[0x03, 0x05], // SLOT_ID_INVALID, GENERAL_ERROR: what SoftHSM says of a token whose folder is away
  ...[0x30, 0x31, 0x32], // DEVICE_ERROR, DEVICE_MEMORY, DEVICE_REMOVED
  ...[0x60, 0x82], // KEY_HANDLE_INVALID, OBJECT_HANDLE_INVALID
  ...[0xb0, 0xb3], // SESSION_CLOSED, SESSION_HANDLE_INVALID
  ...[0xe0, 0x101, 0x190], // TOKEN_NOT_PRESENT, USER_NOT_LOGGED_IN, CRYPTOKI_NOT_INITIALIZED
];

export const returnValue = {
  ...{ pinIncorrect: 0xa0, pinInvalid: 0xa1, pinLengthRange: 0xa2, pinLocked: 0xa4 },
  ...{ alreadyLoggedIn: 0x100, alreadyInitialized: 0x191, notInitialized: 0x190 },
} as const;

/** The number of a CKR_... that the library threw, or undefined for another error. */
export function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' && code !== 0 ? code : undefined;
}

export const isGone = (error: unknown): boolean => goneCodes.includes(codeOf(error) ?? -1);

/** `CKR_...`, and nothing else of what the library says. */
export function reasonOf(error: unknown): string {
  const { message = '' } = (error ?? {}) as { message?: string };
  return /CKR_\w+/.exec(message)?.[0] ?? (/^[\w .:/-]{1,80}$/.test(message) ? message : 'an unknown error');
}

type LoadPkcs11 = () => Promise<Pkcs11Library>;

/** No word of an import statement: neither the bundler nor the type checker has the package. */
const libraryName = 'pkcs11js';

const importLibrary: LoadPkcs11 = async () => {
  const library = (await import(libraryName)) as { default?: Pkcs11Library } & Pkcs11Library;
  return library.default ?? library;
};

/** Modules stay loaded for the life of the process: C_Initialize counts for all of it. */
const loaded = new Map<string, Pkcs11>();

/** Begins a module that has not begun, or that was ended. */
export function beginModule(module: Pkcs11): void {
  try {
    module.C_Initialize({ flags: cki.osLocking });
  } catch (error) {
    if (codeOf(error) !== returnValue.alreadyInitialized) throw error;
  }
}

/** Ends all that this process has open in the module: some modules find a token that came back only then. */
export function beginAgain(module: Pkcs11): void {
  try {
    module.C_Finalize();
  } catch (error) {
    if (codeOf(error) !== returnValue.notInitialized) throw error;
  }
  beginModule(module);
}

/** Throws `pkcs11-library-missing`, `pkcs11-module-failed`. */
export async function loadModule(path: string, load: LoadPkcs11 = importLibrary): Promise<Pkcs11> {
  const known = loaded.get(path);
  if (known) return known;
  let library: Pkcs11Library;
  try {
    library = await load();
  } catch (cause) {
    throw new Fault('pkcs11-library-missing', { version: libraryVersion }, { cause });
  }
  try {
    const module = new library.PKCS11();
    module.load(path);
    beginModule(module);
    loaded.set(path, module);
    return module;
  } catch (cause) {
    throw new Fault('pkcs11-module-failed', { module: path, reason: reasonOf(cause) }, { cause });
  }
}

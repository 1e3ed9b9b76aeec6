// `pkcs11:` URIs (RFC 7512), the part that finds one key: which module, which token, which object. A PIN in a
// URI is refused: it would reach shell histories and process lists.

import { Fault } from '@firmseal/fault';

export interface Pkcs11Uri {
  /** Path of the module, the library that speaks to the token. */
  readonly module: string;
  /** What the token must be: every given one has to match. */
  readonly token?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly slotId?: number;
  /** Label of the key (CKA_LABEL). */
  readonly object?: string;
  /** Id of the key (CKA_ID). */
  readonly id?: Uint8Array;
}

/** Names the module where a URI has no `module-path`. */
const moduleVariable = 'FIRMSEAL_PKCS11_MODULE';

const pathAttributes = [
  'token',
  'serial',
  'manufacturer',
  'model',
  'slot-id',
  'object',
  'id',
  'type',
] as const;

function attributes(text: string, separator: string, invalid: (what: string) => Fault): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(separator).filter((one) => one !== '')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at);
    if (at < 1) throw invalid('an attribute has no value');
    if (found.has(name)) throw invalid(`it names ${name} twice`);
    found.set(name, part.slice(at + 1));
  }
  return found;
}

function bytesOf(encoded: string, invalid: (what: string) => Fault): Uint8Array {
  const plain = encoded.replace(/%([0-9a-fA-F]{2})/g, '');
  if (plain.includes('%')) throw invalid('a % is not followed by two hexadecimal digits');
  const binary = encoded.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Uint8Array.from(Buffer.from(binary, 'latin1'));
}

/**
 * Throws `token-uri-invalid`, whose sentence repeats nothing of the URI: there may be a PIN in it.
 * `environment` may name the module.
 */
export function parsePkcs11Uri(
  uri: string,
  environment: Readonly<Record<string, string | undefined>>,
): Pkcs11Uri {
  const invalid = (what: string) => new Fault('token-uri-invalid', { what });
  if (!uri.startsWith('pkcs11:')) throw invalid('it does not begin with pkcs11:');
  const [path = '', query = '', ...more] = uri.slice('pkcs11:'.length).split('?');
  if (more.length > 0) throw invalid('it has more than one question mark');
  const named = attributes(path, ';', invalid);
  const asked = attributes(query, '&', invalid);
  if (asked.has('pin-value')) throw invalid('it holds a PIN, which belongs into a file or a prompt');
  if (asked.has('pin-source')) throw invalid('it names a PIN source: --passphrase-file names the file here');
  for (const name of named.keys())
    if (!pathAttributes.some((one) => one === name)) throw invalid(`it has the unknown attribute ${name}`);
  for (const name of asked.keys())
    if (name !== 'module-path') throw invalid(`it has the unknown attribute ${name}`);
  const text = (value: string | undefined) =>
    value === undefined ? undefined : new TextDecoder().decode(bytesOf(value, invalid));
  const type = text(named.get('type'));
  if (type !== undefined && type !== 'private') throw invalid('its type is not private');
  const module = text(asked.get('module-path')) ?? environment[moduleVariable];
  if (!module) throw invalid(`it has no module-path, and ${moduleVariable} is not set`);
  const slot = named.get('slot-id');
  if (slot !== undefined && !/^\d{1,9}$/.test(slot)) throw invalid('its slot-id is not a number');
  const id = named.get('id');
  const object = text(named.get('object'));
  if (object === undefined && id === undefined) throw invalid('it names neither object nor id of a key');
  const of = (name: (typeof pathAttributes)[number]) => text(named.get(name));
  const given = {
    ...{ token: of('token'), serial: of('serial'), manufacturer: of('manufacturer'), model: of('model') },
    ...{ slotId: slot === undefined ? undefined : Number(slot), object },
    id: id === undefined ? undefined : bytesOf(id, invalid),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (['token', 'serial', 'slotId'].every((name) => !(name in present)))
    throw invalid('it names no token: token, serial or slot-id is due');
  return { module, ...present };
}

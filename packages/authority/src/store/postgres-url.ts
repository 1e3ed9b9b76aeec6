// The address of a PostgreSQL database as libpq writes it (PostgreSQL 15 documentation, 34.1.1.2):
// postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE. A folder with the server's socket
// stands in ?host=. Nothing of the text goes into a fault: it may hold a password.

import { Secret, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedFile } from '@firmseal/files';

export interface PostgresAddress {
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Without one the password file is asked (PGPASSFILE, or ~/.pgpass). */
  readonly password?: Secret;
  /** Where the tables are; the role's search_path decides when it is left out. */
  readonly schema?: string;
  /** The server's certificate is checked against these CAs (PEM), or those of the system. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

const known = new Set(['host', 'port', 'user', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'schema']);
const schemaName = /^[a-z_][a-z0-9_]{0,62}$/;
const isOnThisMachine = (host: string) => /^\/|^localhost$|^127\.|^\[?::1\]?$/.test(host);

const pemBytesAtMost = 1 << 20;
const readPem = (path: string): string => Buffer.from(readBoundedFile(path, pemBytesAtMost)).toString();

const invalid = (problem: string) => new Fault('database-url-invalid', { problem });

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a part of it is not percent-encoded as it should be');
  }
};

/**
 * Reads the files that the address names. Throws `database-url-invalid`, and for those files what reading
 * throws. A password is refused unless `allowPassword`: in the arguments of a command everybody
 * on the machine sees it.
 */
export function parsePostgresUrl(
  text: string,
  { allowPassword }: { readonly allowPassword: boolean },
): PostgresAddress {
  // A socket's address has no host, which URL takes only for schemes that it does not know.
  const match = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(
    text.trim(),
  );
  if (!match) throw invalid('it does not begin as postgresql://USER@HOST/DATABASE');
  const [, userInfo = '', authority = '', path = '', query = ''] = match;
  const words = new URLSearchParams(query);
  for (const name of words.keys())
    if (!known.has(name)) throw invalid('it has a parameter that firmseal does not know');
  const [, hostName = '', portText] = /^(.*?)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const [userText = '', ...passwordParts] = userInfo.split(':');
  const passwordText = passwordParts.join(':');
  if (passwordText !== '' && !allowPassword)
    throw invalid(
      'it holds a password, which everybody on this machine could see: put the address into a file',
    );
  const host = words.get('host') ?? decode(hostName).replace(/^\[(.*)\]$/, '$1');
  const user = words.get('user') ?? decode(userText);
  const database = decode(path);
  if (host === '') throw invalid('it names no host, and no folder of a socket by ?host=');
  if (user === '') throw invalid('it names no user');
  if (database === '') throw invalid('it names no database');
  const port = Number(words.get('port') ?? portText ?? 5432);
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) throw invalid('its port is no port');
  const schema = words.get('schema');
  if (schema !== null && !schemaName.test(schema)) throw invalid('its schema is no plain name');
  const tls = tlsOf(words, host);
  return {
    ...{ host, port, user, database },
    ...(passwordText === '' ? {} : { password: new Secret(utf8(decode(passwordText))) }),
    ...(schema === null ? {} : { schema }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** To another machine TLS is the default, and the server's name and certificate are always checked. */
function tlsOf(words: URLSearchParams, host: string): PostgresAddress['tls'] {
  const mode = words.get('sslmode') ?? (isOnThisMachine(host) ? 'disable' : 'verify-full');
  if (mode === 'disable') return undefined;
  if (mode !== 'verify-full') throw invalid('its sslmode is neither verify-full nor disable');
  const file = (name: string) => {
    const path = words.get(name);
    return path === null ? undefined : readPem(path);
  };
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** For people: host and database, nothing else. */
export const showPostgresAddress = ({ host, port, database }: PostgresAddress): string =>
  `database ${database} at ${host}:${port}`;

// TLS of the server, from PEM files: certificate chain and key, and the CA of client certificates where they
// are asked for. A running server takes new files without a restart; files that do not fit together are
// refused, and the server keeps what it has.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { Fault } from '@firmseal/fault';

/** PEM texts. */
export interface TlsMaterial {
  /** The server's certificate, then those between it and its CA. */
  readonly cert: string;
  /** PKCS #8 or SEC1, without a passphrase. */
  readonly key: string;
  /** Certificates of this CA are asked of every client; nobody is, where it is left out. */
  readonly clientCa?: string | undefined;
}

/** No version before 1.2: SP 800-52 Rev. 2 section 3.1. */
const minVersion = 'TLSv1.2';

const reasonOf = (error: unknown): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'it could not be read';
};

/**
 * Until when the server's certificate is valid, in milliseconds since 1970. Throws `tls-files-invalid` for
 * PEM that cannot be read, a key of another certificate, and a certificate that is
 * no longer valid at `nowMs`.
 */
export function checkTls({ cert, key, clientCa }: TlsMaterial, nowMs: number): number {
  const invalid = (problem: string, cause?: unknown) =>
    new Fault('tls-files-invalid', { problem }, { cause });
  let own: X509Certificate;
  try {
    own = new X509Certificate(cert);
    createPrivateKey(key); // an empty text would pass for no key
    createSecureContext({ cert, key, minVersion });
  } catch (cause) {
    throw invalid(`the certificate and its key do not make a TLS server (${reasonOf(cause)})`, cause);
  }
  try {
    if (clientCa !== undefined) new X509Certificate(clientCa);
  } catch (cause) {
    throw invalid(`the CA of client certificates is no certificate (${reasonOf(cause)})`, cause);
  }
  const untilMs = own.validToDate.getTime();
  if (untilMs <= nowMs)
    throw invalid(`the certificate was valid until ${own.validToDate.toISOString()} only`);
  return untilMs;
}

/** What changes while the server runs. */
export const secureContextOf = ({ cert, key, clientCa }: TlsMaterial): SecureContextOptions => ({
  cert,
  key,
  minVersion,
  ...(clientCa === undefined ? {} : { ca: clientCa }),
});

/** What a server is made with: whether it asks for client certificates stays as it was. */
export const tlsOptions = (material: TlsMaterial): TlsOptions => ({
  ...secureContextOf(material),
  requestCert: material.clientCa !== undefined,
  rejectUnauthorized: material.clientCa !== undefined,
});

// A CA of tests for TLS: certificates of servers and clients, as PEM.

import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

const pair = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function pemOfKey({ privateKey }: Awaited<ReturnType<typeof pair>>): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

export interface TlsIssuer {
  /** Of the CA, PEM. */
  readonly certificate: string;
  issue(name: string, options?: { readonly days?: number }): Promise<{ cert: string; key: string }>;
}

export async function makeTlsIssuer(): Promise<TlsIssuer> {
  const keys = await pair();
  const notBefore = new Date(Date.now() - dayMs);
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=CA of tests', keys, notBefore, notAfter: new Date(Date.now() + 30 * dayMs) },
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  return {
    certificate: authority.toString('pem'),
    issue: async (name, { days = 30 } = {}) => {
      const own = await pair();
      const made = await X509CertificateGenerator.create({
        ...{ subject: `CN=${name}`, issuer: authority.subject, publicKey: own.publicKey },
        ...{ notBefore, notAfter: new Date(Date.now() + days * dayMs) },
        ...{ signingKey: keys.privateKey, signingAlgorithm: algorithm },
        extensions: [
          new SubjectAlternativeNameExtension([
            { type: 'dns', value: 'localhost' },
            { type: 'ip', value: '127.0.0.1' },
          ]),
        ],
      });
      return { cert: made.toString('pem'), key: await pemOfKey(own) };
    },
  };
}

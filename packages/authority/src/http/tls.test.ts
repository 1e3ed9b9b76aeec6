// TLS of the server: over it any address may be listened on, clients are asked for certificates where a CA is
// given, and a new certificate comes into force without a restart.

import { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestAuthority } from '../../test/running-authority.ts';
import { makeTlsIssuer, type TlsIssuer } from '../../test/tls-issuer.ts';
import { checkTls, type RunningAuthority, serveAuthority } from '../index.ts';

let authority: TestAuthority;
let issuer: TlsIssuer;
const running: RunningAuthority[] = [];

beforeAll(async () => {
  authority = await TestAuthority.start();
  issuer = await makeTlsIssuer();
});
afterAll(async () => {
  for (const one of running) await one.stop(100);
  await authority.remove();
});

async function serve(tls: Parameters<typeof serveAuthority>[0]['tls'], host = '127.0.0.1') {
  const one = await serveAuthority({ authority: await authority.local(), host, tls });
  running.push(one);
  return one;
}

/** The answer to GET /v1/health, and the certificate that the server showed. */
function health({ port }: RunningAuthority, client: { cert?: string; key?: string } = {}, most = 'TLSv1.3') {
  return new Promise<{ answer: string; serial: string }>((resolve, reject) => {
    const { certificate: ca } = issuer;
    const socket: TLSSocket = connect({
      ...{ port, host: '127.0.0.1', servername: 'localhost', ca, ...client },
      ...{ minVersion: 'TLSv1' as const, maxVersion: most as 'TLSv1.3', ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    let answer = '';
    socket.on('data', (bytes) => {
      answer += String(bytes);
    });
    socket.on('error', reject);
    const shown = () => new X509Certificate(socket.getPeerCertificate().raw).serialNumber;
    let serial = '';
    socket.on('secureConnect', () => {
      serial = shown();
      socket.write('GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    });
    socket.on('close', () => resolve({ answer, serial }));
  });
}

describe('a server with a certificate', () => {
  it('answers over TLS 1.2 and 1.3, and nothing below', async () => {
    const one = await serve(await issuer.issue('localhost'));
    expect(one.url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    for (const version of ['TLSv1.2', 'TLSv1.3'])
      expect((await health(one, {}, version)).answer).toMatch(/^HTTP\/1\.1 200 /);
    await expect(health(one, {}, 'TLSv1.1')).rejects.toThrow();
  });

  it('may listen on any address; without one it may not', async () => {
    await expect(serve(undefined, '0.0.0.0')).rejects.toMatchObject({ code: 'host-not-loopback' });
    const one = await serve(await issuer.issue('localhost'), '0.0.0.0');
    expect((await health(one)).answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('takes a new certificate while it runs', async () => {
    const one = await serve(await issuer.issue('localhost'));
    const before = await health(one);
    one.renewTls(await issuer.issue('localhost'));
    const after = await health(one);
    expect(after.answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(after.serial).not.toBe(before.serial);
  });

  it('that asks for client certificates serves those of its CA alone', async () => {
    const stranger = await makeTlsIssuer();
    const one = await serve({ ...(await issuer.issue('localhost')), clientCa: issuer.certificate });
    expect((await health(one, await issuer.issue('station 7'))).answer).toMatch(/^HTTP\/1\.1 200 /);
    for (const client of [{}, await stranger.issue('station 7')])
      expect(
        await health(one, client).then(
          ({ answer }) => answer,
          () => '',
        ),
      ).toBe('');
  });
});

describe('TLS files', () => {
  it('say until when they are valid', async () => {
    const material = await issuer.issue('localhost', { days: 10 });
    expect(checkTls(material, Date.now()) - Date.now()).toBeGreaterThan(9 * 86_400_000);
  });

  it('that do not belong together, are no PEM, or ended, are refused', async () => {
    const [one, other] = [await issuer.issue('localhost'), await issuer.issue('localhost')];
    const ended = await issuer.issue('localhost', { days: 1 });
    for (const [material, nowMs] of [
      [{ ...one, key: other.key }, Date.now()],
      [{ ...one, cert: 'no PEM' }, Date.now()],
      [{ ...one, key: '' }, Date.now()],
      [{ ...one, clientCa: 'no PEM' }, Date.now()],
      [ended, Date.now() + 2 * 86_400_000],
    ] as const)
      expect(() => checkTls(material, nowMs)).toThrow(expect.objectContaining({ code: 'tls-files-invalid' }));
  });

  it('never stand in an error', async () => {
    const { cert, key } = await issuer.issue('localhost');
    const other = await issuer.issue('localhost');
    try {
      checkTls({ cert, key: other.key }, Date.now());
    } catch (error) {
      const { message, fields } = error as { message: string; fields: unknown };
      expect(message + JSON.stringify(fields)).not.toContain(key.slice(60, 90));
      return;
    }
    expect.unreachable();
  });
});

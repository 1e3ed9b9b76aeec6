// What an authority offers to those who run it: TLS with client certificates, reached by the other commands;
// figures; a log for machines; a look at everything before it serves.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTlsIssuer, type TlsIssuer } from '@firmseal/authority/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, deskEnvironment, makeDesk, type ServedAuthority, serveDesk } from './desk.ts';
import { jsonLines, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-serve-'));
let desk: Desk;
let issuer: TlsIssuer;
let authority: ServedAuthority;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  desk = await makeDesk(folder);
  issuer = await makeTlsIssuer();
  writeFileSync(at('ca.pem'), issuer.certificate);
  for (const name of ['localhost', 'station']) {
    const { cert, key } = await issuer.issue(name);
    writeFileSync(at(`${name}.pem`), cert);
    writeFileSync(at(`${name}.key.pem`), key, { mode: 0o600 });
  }
  const tls = ['--tls-cert', at('localhost.pem'), '--tls-key', at('localhost.key.pem')];
  authority = await serveDesk(desk, [
    ...[...tls, '--client-ca', at('ca.pem'), '--metrics-port', '0', '--log-format', 'json'],
  ]);
});
afterAll(async () => {
  await authority.stop();
  rmSync(folder, { recursive: true });
});

const list = (environment: Record<string, string>) =>
  runHere(
    ['job', 'list', '--authority', authority.url, '--token-file', at('authority/owner.token'), '--json'],
    { ...deskEnvironment, ...environment },
  );
const ca = () => ({ FIRMSEAL_TLS_CA: at('ca.pem') });
const client = () => ({ FIRMSEAL_TLS_CERT: at('station.pem'), FIRMSEAL_TLS_KEY: at('station.key.pem') });

describe('an authority over TLS that asks for client certificates', () => {
  it('serves the commands that have one', async () => {
    expect(authority.url).toMatch(/^https:/);
    expect(await list({ ...ca(), ...client() })).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['no certificate', ca, 'authority-unreachable'],
    ['a CA that is not known here', client, 'authority-certificate-refused'],
  ])('%s: the command says so', async (_, environment, code) => {
    const { status, stderr } = await list(environment());
    expect(status).toBe(12);
    expect(stderr).toContain(code);
  });

  it('a certificate without its key is refused before anything is sent', async () => {
    const { stderr } = await list({ ...ca(), FIRMSEAL_TLS_CERT: at('station.pem') });
    expect(stderr).toContain('FIRMSEAL_TLS_CERT and FIRMSEAL_TLS_KEY belong together');
  });

  it('says where its figures are', () => {
    const [served] = jsonLines({ stdout: authority.stdout() });
    expect(served?.['metrics']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  });

  it('logs a line of JSON for each request', async () => {
    await list({ ...ca(), ...client() });
    const lines = authority.stderr().split('\n');
    const log = jsonLines({ stdout: lines.filter((line) => line.startsWith('{')).join('\n') });
    expect(log).toContainEqual(
      expect.objectContaining({ level: 30, method: 'GET', status: 200, msg: 'request' }),
    );
    for (const line of log) expect(line).not.toHaveProperty('pid');
  });
});

it('warns at start when a restored folder would take its head of the log along', () => {
  expect(authority.stderr()).toMatch(/^Warning: a copy of .* would be served; give --head-file/m);
  expect(authority.stderr()).not.toContain('was not there');
});

describe('--validate', () => {
  const validate = (...words: string[]) =>
    runHere(['authority', 'serve', at('authority'), '--validate', ...words, '--json'], deskEnvironment);

  it('opens keys, products and database, and ends', async () => {
    const outcome = await validate();
    expect(outcome.status).toBe(0);
    expect(jsonLines(outcome)).toEqual([{ event: 'valid', products: ['panel'] }]);
  });

  it.each([
    ['a key of another certificate', ['--tls-cert', 'localhost.pem', '--tls-key', 'station.key.pem']],
    ['a certificate without a key', ['--tls-cert', 'localhost.pem']],
    ['a client CA alone', ['--client-ca', 'ca.pem']],
  ])('refuses %s', async (_, words) => {
    const { status, stderr } = await validate(
      ...words.map((word) => (word.startsWith('--') ? word : at(word))),
    );
    expect(status).toBe(3);
    expect(stderr).toContain('tls-files-invalid');
  });
});

it('without a certificate other addresses are refused, and the remedy says how', async () => {
  const words = ['authority', 'serve', at('authority'), '--listen', '0.0.0.0:0'];
  const { stderr } = await runHere(words, deskEnvironment);
  expect(stderr).toContain('host-not-loopback');
  expect(stderr).toContain('--tls-cert');
});

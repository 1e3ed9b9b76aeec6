// What stands beside the files of a release: bills of materials held to CycloneDX's schema and to the
// bundle's own list of licences; checksums and signatures held to the tools that users check them with.

import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { bundledInputs } from '../pack/build.mjs';
import { npmLicenses } from '../pack/npm-licenses.mjs';
import { hasTool } from '../toolchain.ts';
import { agentBom, commandBom } from './sbom.ts';
import { checksums, envelope, provenance, readReleaseKey, releaseFile, signBytes } from './sign.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'firmseal-release-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const at = (name: string) => join(scratch, name);

interface Bom {
  readonly components: readonly {
    name: string;
    version: string;
    type: string;
    scope?: string;
    hashes: { alg: string; content: string }[];
  }[];
}
const faultsOf = (text: string) => new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);

describe('bills of materials', () => {
  let text: string;
  let bom: Bom;
  let inputs: string[];
  const madeAt = new Date('2026-12-01T00:00:00Z');
  beforeAll(async () => {
    inputs = await bundledInputs();
    text = await commandBom(madeAt, inputs);
    bom = JSON.parse(text) as Bom;
  });

  test('are what CycloneDX 1.6 says, and the same when they are made again', async () => {
    expect(await faultsOf(text)).toBeNull();
    expect(await commandBom(madeAt, inputs)).toBe(text);
    expect(await faultsOf(text.replace('"type": "application"', '"type": "programme"'))).not.toBeNull();
  });

  test('of the command: every package in the bundle, its version and the hash of the lockfile', () => {
    const licensed = npmLicenses(inputs).matchAll(/^(\S+) (\d\S+) \([^\n]*\)$/gm);
    const bundled = [...licensed].map(([, name, version]) => `${name}@${version}`).sort();
    const required = bom.components.filter(({ scope }) => scope === 'required');
    expect(required.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(bundled);
    expect(bundled.length).toBeGreaterThan(5);
    for (const { hashes } of bom.components)
      expect(hashes).toEqual([{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }]);
    const optional = bom.components.filter(({ scope }) => scope === 'optional');
    expect(optional.map(({ name }) => name).sort()).toEqual(['serialport', 'usb']);
  });

  test('of the agents: every image by its hash, and the library in it', async (context) => {
    if (hasTool('arm-none-eabi-gcc', 'never')) buildShipping({ only: ['stm32f427'] });
    const image = join(root, 'device/agent/build/agent-stm32f427.hex');
    context.skip(!existsSync(image), 'the agents in machine code are not built');
    const agents = agentBom(new Date(0));
    expect(await faultsOf(agents)).toBeNull();
    const { components } = JSON.parse(agents) as Bom;
    const found = components.find(({ name }) => name === 'agent-stm32f427.hex');
    expect(found?.hashes).toEqual([{ alg: 'SHA-256', content: releaseFile(image).sha256 }]);
    expect(components.find(({ name }) => name === 'bearssl')?.type).toBe('library');
  });
});

describe('signatures', () => {
  const passphrase = 'for a test alone';
  beforeAll(() => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const cipher = { cipher: 'aes-256-cbc', passphrase } as const;
    writeFileSync(at('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }));
    writeFileSync(at('passphrase'), `${passphrase}\n`, { mode: 0o600 });
    writeFileSync(at('firmseal.tgz'), 'a tarball');
    writeFileSync(at('SHA256SUMS'), checksums([releaseFile(at('firmseal.tgz'))]));
  });
  const key = () => readReleaseKey(at('key.pem'), at('passphrase'));

  test('checksums: sha256sum checks the files, OpenSSL the signature', (context) => {
    const sums = spawnSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: scratch, encoding: 'utf8' });
    expect(sums).toMatchObject({ status: 0, stdout: 'firmseal.tgz: OK\n' });
    writeFileSync(at('SHA256SUMS.sig'), signBytes(key(), readFileSync(at('SHA256SUMS'))));
    writeFileSync(at('release-key.pem'), key().publicPem);
    context.skip(spawnSync('openssl', ['version']).status !== 0, 'openssl is not installed');
    const words = [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      'release-key.pem',
      '-rawin',
      '-in',
      'SHA256SUMS',
    ];
    const said = execFileSync('openssl', [...words, '-sigfile', 'SHA256SUMS.sig'], {
      ...({ cwd: scratch, encoding: 'utf8' } as const),
    });
    expect(said).toContain('Signature Verified Successfully');
    writeFileSync(at('SHA256SUMS'), `${readFileSync(at('SHA256SUMS'), 'utf8')}${'0'.repeat(64)}  more\n`);
    expect(spawnSync('openssl', [...words, '-sigfile', 'SHA256SUMS.sig'], { cwd: scratch }).status).not.toBe(
      0,
    );
  });

  test('provenance: an in-toto statement about exactly the files, signed as DSSE says', () => {
    const files = [releaseFile(at('firmseal.tgz'))];
    const origin = {
      commit: 'c'.repeat(40),
      lockfileSha256: 'd'.repeat(64),
      nodeVersion: 'v24',
      sources: [],
    };
    const signed = JSON.parse(envelope(key(), provenance(files, origin))) as {
      payloadType: string;
      payload: string;
      signatures: { keyid: string; sig: string }[];
    };
    const payload = Buffer.from(signed.payload, 'base64');
    // DSSE's protocol.md: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body.
    const preimage = Buffer.concat([
      Buffer.from(`DSSEv1 ${Buffer.byteLength(signed.payloadType)} ${signed.payloadType} `),
      Buffer.from(`${payload.length} `),
      payload,
    ]);
    const sig = Buffer.from(signed.signatures[0]!.sig, 'base64');
    const publicKey = createPublicKey(key().publicPem);
    expect(verify(null, preimage, publicKey, sig)).toBe(true);
    expect(verify(null, payload, publicKey, sig)).toBe(false);
    const statement = JSON.parse(payload.toString()) as { subject: unknown; predicateType: string };
    expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1');
    expect(statement.subject).toEqual([{ name: 'firmseal.tgz', digest: { sha256: files[0]!.sha256 } }]);
  });

  test('a key needs its passphrase, and must be of Ed25519', () => {
    expect(() => readReleaseKey(at('key.pem'))).toThrow();
    writeFileSync(at('other'), 'another\n', { mode: 0o600 });
    expect(() => readReleaseKey(at('key.pem'), at('other'))).toThrow();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(at('ec.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(() => readReleaseKey(at('ec.pem'))).toThrow('holds no Ed25519 key');
  });
});

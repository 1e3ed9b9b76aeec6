// `firmseal updater build` and `firmseal update`: what is published, what is refused, and an update from the
// page as it was published, without a browser.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { thumbprintOf } from '@firmseal/formats';
import { encodeLicenseBatch, signBatchList } from '@firmseal/license';
import { offerOfPage, readOffer } from '@firmseal/updater';
import { serveLink } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Line, personalizedLine } from '../../../device/agent/test/line.ts';
import {
  delegate,
  keyPair,
  makeLicense,
  makePackage,
  root,
  signerOf,
  smallAreas,
  type TestPackage,
} from '../../../device/agent/test/trusted-site.ts';
import { buildElement } from '../../../tools/pack/build-element.ts';
import { startSiteAuthority } from '../../updater/test/site-authority.ts';
import type { ConnectedDevice } from '../src/devices/list-devices.ts';
import { publicKeyFile } from '../src/public-key-file.ts';
import { findOneDevice } from '../src/updater/one-device.ts';
import { jsonLines, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-updater-'));
const at = (name: string) => join(folder, name);
const trust = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
let line: Line;
let sealed: TestPackage;
let server: Server;
let socket: string;

beforeAll(async () => {
  await buildElement();
  line = await personalizedLine('stm32f427');
  line.hello();
  sealed = await makePackage('stm32f427');
  writeFileSync(at('root.key.pub'), publicKeyFile(root.publicKey));
  writeFileSync(at('ca.delegation'), await delegate('device-ca', 'device CA'));
  writeFileSync(at('panel.seal'), sealed.file);
  mkdirSync(at('licenses'));
  writeFileSync(
    at(`licenses/${toHex(line.device!.thumbprint)}.license`),
    (await makeLicense(sealed, line.device!)).bundle,
  );
  server = await serveLink(line.chip, 0);
  socket = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const build = (...words: string[]) => runHere(['updater', 'build', at('panel.seal'), ...trust, ...words]);

describe('firmseal updater build', () => {
  it('writes files for a host and one file, whose policy names all that may run in them', async () => {
    const outcome = await build('--licenses', at('licenses'), '--out', at('site'));
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('1 license') });
    const names = readdirSync(at('site'));
    const id = toHex(sealed.manifestDigest).slice(0, 16);
    expect(names.sort()).toEqual(
      [
        `${id}.seal`,
        'index.html',
        'licenses',
        'offline.html',
        'third-party-licenses.txt',
        'update.json',
        ...names.filter((name) => /^(?:firmseal-update|update)-[0-9a-f]{16}\.js(?:on)?$/.test(name)),
      ].sort(),
    );
    const thumbprint = toHex(line.device!.thumbprint);
    expect(readdirSync(at(`site/licenses/${id}`))).toEqual([`${thumbprint}.license`]);
    const [page, whole] = ['index.html', 'offline.html'].map((name) =>
      readFileSync(at(`site/${name}`), 'utf8'),
    );
    expect(page).toMatch(/<script type="module" src="firmseal-update-\S+\.js" integrity="sha384-/);
    expect(page).toMatch(/offer="update-\w+\.json" integrity="sha384-/);
    const policy =
      /^<meta http-equiv="content-security-policy" content="default-src 'none'; script-src (\S+); style-src 'sha384-\S+; connect-src (\S+); base-uri/m;
    expect(policy.exec(page!)?.slice(1)).toEqual(["'self'", "'self'"]);
    expect(policy.exec(whole!)?.slice(1)).toEqual([expect.stringMatching(/^'sha384-/), "'none'"]);
    const offer = readOffer(offerOfPage(whole!)!, 'x');
    expect('bytes' in offer.package && offer.package.bytes).toEqual(sealed.file);
    // Written again, it replaces what stood there.
    expect((await build('--out', at('site'))).status).toBe(0);
  });

  it('publishes the licenses of a batch, and warns when the batch has no licenses', async () => {
    const notAfterSeconds = Math.floor(Date.now() / 1000) + 3600;
    const { bundle, terms } = await makeLicense(sealed, line.device!, { terms: { notAfterSeconds } });
    const facts = { jobId: terms.jobId, manifestDigest: sealed.manifestDigest };
    const times = { signedAtSeconds: notAfterSeconds - 3600, notAfterSeconds };
    const list = await signBatchList(
      crypto,
      { batchId: new Uint8Array(16), ...facts, ...times, bundles: [bundle] },
      signerOf('license issuer'),
    );
    const delegation = await delegate('license-issuer', 'license issuer');
    writeFileSync(at('panel.batch'), encodeLicenseBatch({ list, delegation }, [bundle]));
    const outcome = await build('--licenses', at('panel.batch'), '--out', at('batched'));
    expect(outcome).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('1 license') });
    expect((await build('--out', at('bare'))).stderr).toContain('nothing is licensed here');
  });

  it('publishes no license that would not do', async () => {
    const [signing, kemKey] = [keyPair('other, signing').publicKey, keyPair('other, KEM').publicKey];
    const device = { kemKey, thumbprint: thumbprintOf(crypto, signing, kemKey) };
    const other = await makePackage('stm32f427', { core: { firmwareVersion: '2.0.0' } });
    const session = await makeLicense(sealed, { ...device, nonce: new Uint8Array(16) });
    const wrong: Record<string, readonly [Uint8Array, string]> = {
      package: [(await makeLicense(other, device)).bundle, 'another package'],
      session: [session.bundle, 'one session'],
      twice: [(await makeLicense(sealed, line.device!)).bundle, 'same device'],
      torn: [new Uint8Array(9), 'license'],
    };
    for (const [name, [bundle, reason]] of Object.entries(wrong)) {
      mkdirSync(at(name));
      writeFileSync(at(`${name}/a.license`), bundle);
      if (name === 'twice') writeFileSync(at('twice/b.license'), bundle);
      const { status, stderr } = await build('--licenses', at(name), '--out', at(`site-${name}`));
      expect([status, stderr], name).toEqual([11, expect.stringContaining('FS1708')]);
      expect(stderr).toContain(reason);
    }
  });

  it('takes a title, a language and colours that can be read', async () => {
    const settle = async (settings: Record<string, unknown>) => {
      writeFileSync(at('page.json'), JSON.stringify({ format: 'firmseal-updater-1', ...settings }));
      return build('--settings', at('page.json'), '--out', at('styled'));
    };
    const light = { accent: '#7a1f5c', onAccent: '#ffffff' };
    const styled = await settle({ title: 'A </title><script>', language: 'de', colors: { light } });
    expect(styled.status, styled.stderr).toBe(0);
    const page = readFileSync(at('styled/index.html'), 'utf8');
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('<title>A &#60;/title&#62;&#60;script&#62;</title>');
    expect(page).toContain('--firmseal-accent:light-dark(#7a1f5c,#8ab4f8)');
    const pale = await settle({ colors: { light: { accent: '#ffff00', onAccent: '#ffffff' } } });
    expect([pale.status, pale.stderr]).toEqual([3, expect.stringContaining('contrast of 1.1')]);
    expect((await settle({ color: 'red' })).stderr).toContain('FS1709');
  });
});

describe('firmseal update', () => {
  it('updates by the published file alone, tells both versions, and keeps the receipt', async () => {
    await build('--licenses', at('licenses'), '--out', at('field'));
    const words = [
      'update',
      at('field/offline.html'),
      '--socket',
      socket,
      '--receipt',
      at('receipt'),
      '--json',
    ];
    const outcome = await runHere(words);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(jsonLines(outcome).at(-1)).toMatchObject({ event: 'updated', before: null, after: '1.2.3' });
    const verified = await runHere(['verify', 'receipt', at('receipt'), ...trust.slice(0, 2)]);
    expect(verified.status, verified.stderr).toBe(0);
    // The description beside its files is enough, too; the device has the update already.
    const again = await runHere(['update', at('field/update.json'), '--socket', socket]);
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('version before: 1.2.3')]);
  });

  it('of a package alone wants to be told whose device it is for', async () => {
    const alone = ['update', at('panel.seal'), '--socket', socket];
    expect((await runHere(alone)).stderr).toContain('FS1707');
    const told = await runHere([...alone, ...trust, '--licenses', at('licenses')]);
    expect(told.status, told.stderr).toBe(0);
    // A description names files beside it, never others of this machine.
    const offer = JSON.parse(readFileSync(at('field/update.json'), 'utf8'));
    for (const url of [at('panel.seal'), '../panel.seal']) {
      writeFileSync(at('field/hostile.json'), JSON.stringify({ ...offer, package: { url } }));
      expect((await runHere(['update', at('field/hostile.json'), '--socket', socket])).stderr).toContain(
        'FS1701',
      );
    }
    writeFileSync(at('text.txt'), 'no update');
    expect((await runHere(['update', at('text.txt')])).stderr).toContain('FS1700');
  });

  it('finds the one device, or says why it cannot', async () => {
    const usb = (kind: 'agent' | 'rom', port: number) => ({
      ...{ socket: { bus: 1, ports: [port] }, vendorId: kind === 'agent' ? 0x1209 : 0x0483 },
      ...{
        productId: kind === 'agent' ? 1 : 0xdf11,
        productName: kind === 'agent' ? 'firmseal agent' : 'STM32',
      },
    });
    type Lists = Parameters<typeof findOneDevice>[0];
    const find = (devices: readonly unknown[], ports: readonly string[], answering: readonly string[] = []) =>
      findOneDevice(
        {
          usb: async () => devices,
          serial: async () => ports.map((path) => ({ path })),
        } as unknown as Lists,
        async (places) => places.filter((place) => answering.includes(place)) as ConnectedDevice['place'][],
      );
    expect(await find([usb('agent', 1), usb('rom', 2)], ['/dev/ttyS0'])).toMatch(/^usb:1-1/);
    expect(await find([], ['/dev/ttyS0', '/dev/ttyS1'], ['serial:/dev/ttyS1'])).toBe('serial:/dev/ttyS1');
    await expect(find([usb('agent', 1), usb('agent', 2)], [])).rejects.toMatchObject({
      code: 'update-device-several',
    });
    await expect(find([usb('rom', 2)], [])).rejects.toMatchObject({ code: 'update-boot-rom' });
    await expect(find([], ['/dev/ttyS0'])).rejects.toMatchObject({ code: 'update-device-missing' });
  });
});

describe('an authority in place of licenses', () => {
  const token = `fsu_${'A'.repeat(43)}`;
  const job = '01'.repeat(16);
  const offered = (url: string, text = token) => {
    const file = at(`${text.slice(0, 3)}.token`);
    writeFileSync(file, `${text}\n`);
    return ['--authority', url, '--token-file', file, '--job', job];
  };

  it('stands in the policy of both pages by its origin, and no other token than a public one does', async () => {
    const made = await build(...offered('https://authority.example:8443/firmseal/'), '--out', at('asking'));
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain(`firmseal job rollout ${job} --origin https://YOUR-HOST --origin null`);
    const sources = ['index.html', 'offline.html'].map(
      (name) => /connect-src ([^;]+);/.exec(readFileSync(at(`asking/${name}`), 'utf8'))?.[1],
    );
    const origin = 'https://authority.example:8443';
    expect(sources).toEqual([`'self' ${origin}`, origin]);
    const { authority } = JSON.parse(readFileSync(at('asking/update.json'), 'utf8'));
    expect(authority).toEqual({ url: `${origin}/firmseal`, job, token });
    const refused: [string[], string][] = [
      [offered('https://authority.example', `fso_${'A'.repeat(43)}`), 'FS1710'],
      [offered('https://authority.example', `fsl_${'A'.repeat(43)}`), 'FS1710'],
      [offered('https://[2001:db8::1]'), 'FS1711'],
      [offered('http://authority.example'), 'authority-url-insecure'],
      [offered('https://authority.example').slice(0, 4), 'belong together'],
      [[...offered('https://authority.example'), '--licenses', at('licenses')], 'cannot be used with'],
    ];
    for (const [words, reason] of refused) {
      const { status, stderr } = await build(...words, '--out', at('never'));
      expect([reason, status === 0, stderr]).toEqual([reason, false, expect.stringContaining(reason)]);
    }
    expect(existsSync(at('never'))).toBe(false);
    const both = JSON.stringify({
      ...JSON.parse(readFileSync(at('asking/update.json'), 'utf8')),
      licenses: { url: 'l' },
    });
    expect(() => readOffer(both, 'x')).toThrow('it names licenses and an authority');
    expect(() => readOffer(both.replace('"https:', '"http:'), 'x')).toThrow('authority.url');
  });

  it('is asked by `firmseal update` too, with the page alone', async () => {
    const authority = await startSiteAuthority();
    const areas = smallAreas('stm32f427').slice(0, 3);
    const core = { firmwareVersion: '2.0.0', securityCounter: 6 };
    const next = await makePackage('stm32f427', { areas, core });
    writeFileSync(at('next.seal'), next.file);
    const opened = await authority.openJob(next, 1);
    await authority.roll(opened.job, { percent: 100 });
    writeFileSync(at('public.token'), opened.token);
    const from = ['--authority', opened.url, '--token-file', at('public.token'), '--job', opened.job];
    const words = ['updater', 'build', at('next.seal'), ...trust, ...from, '--out', at('online')];
    expect((await runHere(words)).stderr).toContain('on the computer of the authority alone');
    const updated = await runHere(['update', at('online/offline.html'), '--socket', socket]);
    expect(updated.status, updated.stderr).toBe(0);
    expect(await authority.count(opened.job)).toEqual({ units: 1, outcomes: { PASS: 1 } });
    await authority.end();
  });
});

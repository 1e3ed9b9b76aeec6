// Chips at another place, by the commands: personalized where nobody is trusted and installed through
// `firmseal station serve` and `firmseal relay serve`, with somebody on the wire who keeps all that crosses.

import { readFileSync } from 'node:fs';
import { findChip, readoutLevel } from '@firmseal/chips';
import { createBlankChip } from '@firmseal/virtual-line';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleImage } from '../src/demo/example-image.ts';
import { Chain, type Plug } from './chain.ts';
import { RemoteHall, type ServingProcess, serveHere } from './remote-site.ts';
import { jsonLines, runHere } from './run-here.ts';
import { contentKeyOf, keysOf, pieces } from './secrets-on-the-wire.ts';

const id = 'stm32f427';
const chip = findChip(id);
const chain = new Chain();
const hall = new RemoteHall();
const recorded: Buffer[] = [];
let relay: ServingProcess;

beforeAll(async () => {
  await Promise.all([chain.begin(), hall.begin()]);
  Object.assign(chain.environment, hall.environment);
  relay = await hall.relay();
});
afterAll(async () => {
  await hall.end();
  await chain.end();
});

const remote = ({ via, socket }: Plug, name = 'hall'): Plug => ({
  via: `station:${name}/${via}`,
  socket: `station:${name}/${socket}`,
});
const stations = () => ['--stations', hall.stationsFile('stations.json')];
const unwitnessed = ['--unwitnessed', '--unwitnessed-cap', '20'];
const isRecorded = (piece: Uint8Array) => Buffer.concat(recorded).includes(Buffer.from(piece));

describe('a chip at a remote site', () => {
  let target: VirtualChip;
  let plug: Plug;
  let station: ServingProcess;

  it('is personalized unwitnessed and installed, and what crossed holds no plaintext and no key', async () => {
    target = createBlankChip(id, 'remote');
    plug = await chain.plugIn(target);
    const port = await hall.wiretap(recorded);
    station = hall.station([plug.via, plug.socket], { port });
    await station.next('station-waits');
    const sealed = chain.at('remote.seal');
    await chain.run(...chain.sealWords(id, sealed));
    const order = await chain.openJob(sealed, 'remote', '--accept', 'UNWITNESSED');
    await chain.personalize(id, remote(plug), ...unwitnessed, ...stations());
    expect(readoutLevel(chip, target.judge.optionsLoaded)).toBe(2);

    const outcome = await chain.try(
      'install',
      ...chain.lineWords(order, remote(plug)),
      ...stations(),
      '--json',
    );
    expect([outcome.status, outcome.stderr]).toEqual([23, '']);
    expect(jsonLines(outcome)).toContainEqual(expect.objectContaining({ outcome: 'unwitnessed' }));
    const firmware = exampleImage(chip).segments[0]!.bytes.subarray(0, 6 * 1024);
    const { storeStart } = chip.layout.slots[0]!;
    expect(Buffer.from(target.judge.flash(storeStart, 64))).toEqual(Buffer.from(firmware.subarray(0, 64)));

    const keys = [...keysOf(target), await contentKeyOf(chain, sealed)];
    const texts = ['authority/owner.token', 'remote.token'].map((name) =>
      readFileSync(chain.at(name), 'utf8').trim(),
    );
    const secrets = [...pieces(firmware), ...keys.flatMap(pieces), ...texts.map((text) => Buffer.from(text))];
    expect(secrets.length).toBeGreaterThan(50);
    expect(secrets.filter(isRecorded)).toEqual([]);
    // It did record: the certificate of the chip, and the agent, which is written in clear.
    expect(isRecorded(Buffer.from('firmseal device CA'))).toBe(true);
    expect(isRecorded(target.judge.flash(chip.layout.agent.addressStart + 4096, 256))).toBe(true);
    await chain.audit();
    await station.kill();
  });

  it.each([
    [2, 'the relay', () => relay],
    [3, 'the station', () => station],
  ] as const)(
    'is installed to version %d although %s is killed in the middle',
    async (counter, _, victim) => {
      const serve = () => hall.station([plug.via, plug.socket]);
      station = serve();
      await station.next('station-waits');
      const sealed = chain.at(`again-${counter}.seal`);
      const version = ['--firmware-version', `1.${counter}.0`, '--counter', `${counter}`];
      await chain.run(...chain.sealWords(id, sealed, ...version));
      const order = await chain.openJob(sealed, `again-${counter}`, '--accept', 'UNWITNESSED');
      const killed = station.next('place-opened').then(async () => {
        const one = victim();
        await one.kill('SIGKILL');
        if (one === relay) relay = await hall.relay();
        else station = serve();
      });
      const words = [...chain.lineWords(order, remote(plug)), ...stations(), '--json'];
      const outcome = await chain.try('install', ...words);
      await killed;
      expect([outcome.status, outcome.stderr]).toEqual([23, expect.stringContaining('is gone')]);
      const units = jsonLines(await chain.run('job', 'show', order.job, ...chain.owner, '--json'));
      expect(units.filter(({ event }) => event === 'unit')).toHaveLength(1);
      await station.kill();
    },
  );
});

describe('what a station does not do', () => {
  it.each([
    ['flash write', ['flash', 'write', '/x.hex', '--chip', id, '--via'], 'station-plain-refused'],
    ['flash options', ['flash', 'options', '--chip', id, '--via'], 'station-plain-refused'],
    ['flash read', ['flash', 'read', '--chip', id, '--out', '/x', '--via'], 'station-plain-refused'],
  ])('%s: no plain firmware leaves this machine', async (_, words, code) => {
    const { status, stderr } = await runHere([...words, 'station:hall/serial:/dev/ttyUSB0']);
    if (words[1] === 'write') expect(stderr).toMatch(/station-plain-refused|file-missing/);
    else expect([status, stderr]).toEqual([2, expect.stringContaining(code)]);
  });

  it('personalize without --unwitnessed', async () => {
    const { stderr } = await chain.try(
      ...['personalize', '--chip', id, '--product', 'panel', '--root-key', chain.at('root.key.pub')],
      ...['--device-ca', chain.at('ca.key'), '--via', 'station:hall/serial:/dev/ttyUSB0', '--level', '0'],
      ...stations(),
    );
    expect(stderr).toContain('station-unwitnessed-only');
  });

  it('opens a place that it does not lend', async () => {
    const station = serveHere(hall.stationWords(['tcp:127.0.0.1:9']), hall.environment);
    await station.heard('station-waits');
    const order = { sealed: chain.at('remote.seal'), job: '00'.repeat(16), token: chain.at('remote.token') };
    const socket = 'station:hall/tcp:127.0.0.1:10';
    const { status, stderr } = await chain.try(
      'install',
      ...chain.lineWords(order, { socket }),
      ...stations(),
    );
    expect([status, stderr]).toEqual([3, expect.stringContaining('station-place-not-lent')]);
    expect(await station.heard('place-failed')).toMatchObject({ place: 'tcp:127.0.0.1:10' });
    expect(await station.stop()).toBe(0);
  });

  it('without a file that says how it is reached, or for a name that the file lacks', async () => {
    const order = { sealed: chain.at('remote.seal'), job: '00'.repeat(16), token: chain.at('remote.token') };
    const at = (socket: string) => chain.lineWords(order, { socket });
    const tcp = 'tcp:127.0.0.1:9';
    expect((await chain.try('install', ...at(`station:hall/${tcp}`))).stderr).toContain(
      'stations-file-needed',
    );
    const other = await chain.try('install', ...at(`station:barn/${tcp}`), ...stations());
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('stations-file-needed')]);
  });
});

describe('a station or line with a wrong identity', () => {
  const nowhere = ['tcp:127.0.0.1:9'];

  it.each([
    ['a wrong token', { token: 'wrong' }, 'station-token-wrong'],
    ['a token of another name', { name: 'yard', token: 'hall' }, 'station-token-wrong'],
    ['a name that the relay does not know', { name: 'barn', token: 'hall' }, 'station-token-wrong'],
  ])('%s ends the station', async (_, given, code) => {
    const { status, stderr } = await runHere(hall.stationWords(nowhere, given), hall.environment);
    expect([status, stderr]).toEqual([3, expect.stringContaining(code)]);
  });

  it('a relay whose certificate is of another CA is told of, and tried again', async () => {
    const station = serveHere(hall.stationWords(nowhere), { FIRMSEAL_TLS_CA: hall.at('stranger.pem') });
    expect(await station.heard('station-away')).toMatchObject({ code: 'station-tls-refused' });
    expect(await station.stop()).toBe(0);
  });

  it('a second station of one name ends the first', async () => {
    const [first, words] = [
      hall.stationWords(nowhere, { name: 'yard' }),
      hall.stationWords(nowhere, { name: 'yard' }),
    ];
    const one = serveHere(first, hall.environment);
    await one.heard('station-waits');
    const other = serveHere(words, hall.environment);
    expect(await one.ended).toBe(16);
    expect(one.stderr()).toContain('station-replaced');
    await other.stop();
  });

  it('a relay that asks for certificates takes nobody without one', async () => {
    const strict = new RemoteHall();
    await strict.begin();
    const relay = serveHere(strict.relayWords('--client-ca', strict.at('ca.pem')), {});
    strict.relayPort = (await relay.heard('relaying'))['port'] as number;
    const without = serveHere(strict.stationWords(nowhere), strict.environment);
    await without.heard('station-away');
    await without.stop();
    const own = { FIRMSEAL_TLS_CERT: strict.at('client.pem'), FIRMSEAL_TLS_KEY: strict.at('client.key') };
    const station = serveHere(strict.stationWords(nowhere), { ...strict.environment, ...own });
    await station.heard('station-waits');
    expect([await station.stop(), await relay.stop()]).toEqual([0, 0]);
    await strict.end();
  });
});

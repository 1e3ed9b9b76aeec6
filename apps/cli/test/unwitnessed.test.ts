// `firmseal personalize --unwitnessed`: a PC that records every byte of every cable learns no
// secret; somebody who emulates a chip gets one unit for each identity that the cap allows, and
// what he proves says UNWITNESSED.

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { parsePlace } from '@firmseal/places';
import { createBlankChip } from '@firmseal/virtual-line';
import { createVirtualChip, wasmAgent } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleImage } from '../src/demo/example-image.ts';
import { Chain, type Order, type Plug } from './chain.ts';
import { jsonLines } from './run-here.ts';
import { contentKeyOf, keysOf, pieces } from './secrets-on-the-wire.ts';

const id = 'stm32f427';
const chip = findChip(id);
const chain = new Chain();
const taps: Server[] = [];
beforeAll(() => chain.begin());
afterAll(async () => {
  for (const tap of taps) tap.close();
  await chain.end();
});

/** Every byte that crossed any cable, in both directions, in the order of each. */
const recorded: Buffer[] = [];

/** The same place through a PC that keeps all that passes. */
async function tapped(text: string): Promise<string> {
  const place = parsePlace(text);
  if (place.kind !== 'tcp' && place.kind !== 'virtual') throw new Error(text);
  const tap = createServer((near) => {
    const far = connect(place.port, place.host);
    const keep = (bytes: Buffer) => void recorded.push(bytes);
    near.on('data', keep).pipe(far);
    far.on('data', keep).pipe(near);
    for (const one of [near, far])
      one
        .on('error', () => undefined)
        .on('close', () => {
          near.destroy();
          far.destroy();
        });
  });
  taps.push(tap);
  await new Promise<void>((resolve) => tap.listen(0, '127.0.0.1', resolve));
  return `${place.kind}:127.0.0.1:${(tap.address() as AddressInfo).port}`;
}

const tappedPlug = async ({ via, socket }: Plug): Promise<Plug> => ({
  ...{ via: await tapped(via), socket: await tapped(socket) },
});

const countFile = () => chain.at('ca.key.unwitnessed');
const counted = () =>
  existsSync(countFile()) ? readFileSync(countFile(), 'utf8').split('\n').length - 1 : 0;

const isRecorded = (piece: Buffer) => Buffer.concat(recorded).includes(piece);
/** An install whose receipt verifies, of an identity that nobody witnessed: exit code 23. */
async function installs(order: Order, plug: Pick<Plug, 'socket'>): Promise<void> {
  const outcome = await chain.try('install', ...chain.lineWords(order, plug), '--json');
  expect([outcome.status, outcome.stderr]).toEqual([23, '']);
  expect(jsonLines(outcome)).toContainEqual(expect.objectContaining({ outcome: 'unwitnessed' }));
}

const unwitnessed = ['--unwitnessed', '--unwitnessed-cap', '2'];

describe('a PC between owner and chip', () => {
  it('that records every byte of personalization and install learns no secret', async () => {
    const target = createBlankChip(id, 'unwitnessed');
    const blankBeforeLevel2: boolean[] = [];
    target.power.onOperation = () => {
      if (readoutLevel(chip, target.judge.optionsLoaded) === 2) return;
      blankBeforeLevel2.push(keysOf(target).every((key) => key.every((byte) => byte === 0xff)));
    };
    const plug = await tappedPlug(await chain.plugIn(target));
    const sealed = chain.at('unwitnessed.seal');
    await chain.run(...chain.sealWords(id, sealed));
    const order = await chain.openJob(sealed, 'unwitnessed', '--accept', 'UNWITNESSED');
    const { stdout } = await chain.personalize(id, plug, ...unwitnessed);
    expect(stdout).toMatch(
      /protection set, before there are keys[\s\S]*identity made[\s\S]*final protection/,
    );
    expect(blankBeforeLevel2.length).toBeGreaterThan(100);
    expect(blankBeforeLevel2).not.toContain(false);
    expect(readoutLevel(chip, target.judge.optionsLoaded)).toBe(2);
    await installs(order, plug);

    const firmware = exampleImage(chip).segments[0]!.bytes.subarray(0, 6 * 1024);
    const { storeStart } = chip.layout.slots[0]!;
    expect(Buffer.from(target.judge.flash(storeStart, 64))).toEqual(Buffer.from(firmware.subarray(0, 64)));
    const keys = [...keysOf(target), await contentKeyOf(chain, sealed)];
    expect(keys.map((key) => new Set(key).size > 8)).not.toContain(false);
    const secrets = [...pieces(firmware), ...keys.flatMap(pieces)];
    expect(secrets.length).toBeGreaterThan(50);
    expect(secrets.filter(isRecorded)).toEqual([]);
    // It did record: the certificate passed, and what it says in clear.
    expect(isRecorded(Buffer.from('firmseal device CA'))).toBe(true);
    await chain.audit();
  });
});

describe('somebody who emulates a chip', () => {
  it('gets exactly one unit, whatever he installs on, and his outcome says UNWITNESSED', async () => {
    const emulated = createBlankChip(id, 'emulated');
    const plug = await chain.plugIn(emulated);
    await chain.personalize(id, plug, ...unwitnessed);
    expect(counted()).toBe(2);
    const sealed = chain.at('emulated.seal');
    await chain.run(...chain.sealWords(id, sealed));
    const order = await chain.openJob(sealed, 'emulated', '--quota', '3', '--accept', 'UNWITNESSED');
    await installs(order, plug);
    // He has what a chip has: keys and firmware. A copy of it is the same device.
    const copy = createVirtualChip({
      ...{ chip: id, seed: 'copy', kept: emulated.keep(), executors: [wasmAgent(nodeCrypto)] },
    });
    await installs(order, await chain.plugIn(copy));
    const units = jsonLines(await chain.run('job', 'show', order.job, ...chain.owner, '--json')).filter(
      ({ event }) => event === 'unit',
    );
    expect(units).toHaveLength(1);
    expect(JSON.stringify(units)).toContain('UNWITNESSED');
    // A job that does not say that it takes such identities gives it nothing.
    const next = chain.at('next.seal');
    await chain.run(...chain.sealWords(id, next, '--firmware-version', '1.1.0', '--counter', '2'));
    const strict = await chain.openJob(next, 'strict');
    const refused = await chain.try('install', ...chain.lineWords(strict, plug));
    expect(refused.stderr + refused.stdout).toContain('job-outcome-refused');
    await chain.audit();
  });

  it('gets no identity beyond the cap, and the chip nothing that is certified', async () => {
    const third = createBlankChip(id, 'third');
    const words = [
      ...['personalize', '--chip', id, '--product', 'panel', '--root-key', chain.at('root.key.pub')],
      ...['--device-ca', chain.at('ca.key'), '--confirm-permanent', '--never-tried-on-silicon'],
    ];
    const plug = await chain.plugIn(third);
    const refused = await chain.try(...words, '--via', plug.via, '--socket', plug.socket, ...unwitnessed);
    expect(refused.stderr).toContain('unwitnessed-cap-reached');
    expect(third.judge.flash(chip.layout.agent.addressStart, 64)).toEqual(new Uint8Array(64).fill(0xff));
    expect(counted()).toBe(2);
  });

  it('nor where the count was touched', async () => {
    appendFileSync(countFile(), 'and one more\n');
    const refused = await chain.try(
      ...['personalize', '--chip', id, '--product', 'panel', '--root-key', chain.at('root.key.pub')],
      ...['--device-ca', chain.at('ca.key'), '--confirm-permanent', '--never-tried-on-silicon'],
      ...['--via', 'virtual:127.0.0.1:9', '--socket', 'tcp:127.0.0.1:9'],
      ...['--unwitnessed', '--unwitnessed-cap', '9'],
    );
    expect(refused.stderr).toContain('unwitnessed-count-damaged');
  });
});

// What people read of `firmseal station token`, `station serve` and `relay serve`, as golden files.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { masked } from './masked.ts';
import { RemoteHall, serveHere } from './remote-site.ts';
import { runHere } from './run-here.ts';

const hall = new RemoteHall();
beforeAll(() => hall.begin());
afterAll(() => hall.end());

const shown = (text: string) => masked(text, hall.folder).replaceAll(/localhost:\d+/g, 'localhost:PORT');

it('a token of a station', async () => {
  const words = ['station', 'token', 'barn', '--out', hall.at('barn.token')];
  const { stdout, status } = await runHere([...words, '--relay-file', hall.at('barn.json')]);
  expect(status).toBe(0);
  await expect(shown(stdout)).toMatchFileSnapshot('golden/station-token.txt');
});

it('a relay, and a station that comes and leaves', async () => {
  const relay = serveHere(hall.relayWords(), {}, []);
  const [, port] = await relay.said(/ at localhost:(\d+)/);
  hall.relayPort = Number(port);
  const station = serveHere(hall.stationWords(['tcp:127.0.0.1:9']), hall.environment, []);
  await station.said(/has taken the station/);
  expect(await station.stop()).toBe(0);
  await relay.said(/hall: .*(gone|left|away|ended|closed)/);
  expect(await relay.stop()).toBe(0);
  await expect(shown(station.stdout())).toMatchFileSnapshot('golden/station-serve.txt');
  await expect(shown(relay.stdout())).toMatchFileSnapshot('golden/relay-serve.txt');
});

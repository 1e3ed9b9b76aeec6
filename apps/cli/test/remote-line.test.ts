// A line whose sockets are at two stations that connect to it directly, both chips at once.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { LineSite } from './line-site.ts';
import { RemoteHall, serveHere } from './remote-site.ts';
import { jsonLines } from './run-here.ts';

const site = new LineSite();
const hall = new RemoteHall();
beforeAll(() => Promise.all([site.begin(), hall.begin()]), 120_000);
afterAll(async () => {
  await hall.end();
  await site.end();
});

it('chips at two stations are installed, and their places stand in events and results', async () => {
  await site.openJob('two', 5);
  const [one, other] = [await site.plugIn(), await site.plugIn()];
  const places = [`station:hall/${one.place}`, `station:yard/${other.place}`];
  const file = site.writeLine('two', places);
  const listen = {
    ...{ address: 'localhost:0', certificate: 'localhost.pem', key: 'localhost.key', clientCa: 'ca.pem' },
  };
  const stations = hall.stationsFile('listen.json', { listen });
  const line = serveHere(['line', 'run', file, '--cycles', '1', '--stations', stations], hall.environment);
  const port = (await line.heard('stations-listening'))['port'] as number;
  const own = { FIRMSEAL_TLS_CERT: hall.at('client.pem'), FIRMSEAL_TLS_KEY: hall.at('client.key') };
  const serve = (place: string, name: string) =>
    serveHere(hall.stationWords([place], { name, port }), { ...hall.environment, ...own });
  const running = [serve(one.place, 'hall'), serve(other.place, 'yard')];
  expect(await line.ended).toBe(0);
  const cycles = jsonLines({ stdout: line.stdout() }).filter(({ event }) => event === 'line-cycle');
  expect(cycles.map(({ place, outcome }) => [place, outcome]).sort()).toEqual(
    places.map((place) => [place, 'pass']),
  );
  for (const station of running) {
    await station.heard('place-closed');
    expect(await station.stop()).toBe(0);
    expect(station.stdout()).not.toContain('place-failed');
  }
}, 120_000);

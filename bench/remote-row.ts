// An install at a station behind a long and bad way, against the same install with the cable at the line, in
// simulated time: a model chip behind a serial line, which takes the time that the flash of an F427 takes.

import { eraseProgramTimeUs, findChip } from '@firmseal/chips';
import { paced } from '@firmseal/line/testing';
import type { ByteStream, Clock } from '@firmseal/link';
import { seededRandom, TestClock } from '@firmseal/link/testing';
import { createBench, deviceData, firmware, ModelChip } from '@firmseal/programmer/testing';
import { RemoteSite } from '@firmseal/remote/testing';
import type { BenchRow } from './row.ts';

const place = 'tcp:127.0.0.1:5001';
const baud = 921_600;
/** Bank 2. */
const address = 0x0810_0000;
const entry = address;
const sizeBytes = 1024 * 1024;
const recordBytes = 4096 as const;
const roundTripMs = 200;
const loss = 0.01;
/** TCP under loss: packet / round trip * 1.22 / sqrt(loss) (Mathis and others, 1997), in bytes a second. */
const bytesPerSecond = (1460 / (roundTripMs / 1000)) * (1.22 / Math.sqrt(loss));
const seeds = [1, 2, 3];

/** Each answer takes the flash's part of a record. */
function slowed(inner: ByteStream, clock: Clock, answerMs: number): ByteStream {
  return {
    write: (bytes) => inner.write(bytes),
    close: () => inner.close(),
    listen: ({ data, closed }) =>
      inner.listen({ closed, data: (bytes) => void clock.after(answerMs, () => data(bytes)) }),
  };
}

/** Simulated milliseconds of one install; without a seed the cable is at the line. */
async function installMs(seed?: number): Promise<{ timeMs: number; lost: number }> {
  const chip = new ModelChip({ name: 'remote', window: 1 });
  const change = {
    chunkSizeBytes: recordBytes,
    entry,
    areas: [deviceData(0x0804_0000), firmware(address, sizeBytes, 1)],
  };
  const bench = await createBench({ [place]: chip }, { change });
  const clock = new TestClock();
  const range = { addressStart: address, length: sizeBytes };
  const flashMs = eraseProgramTimeUs(findChip('stm32f427'), [range], 'typical') / 1000;
  const answerMs = flashMs / (sizeBytes / recordBytes);
  const openCable = async () => paced(slowed(chip.connect(), clock, answerMs), clock, baud);
  let lost = 0;
  const site = new RemoteSite(clock);
  if (seed !== undefined) {
    const random = seededRandom(seed);
    site.way = { delayMs: roundTripMs / 2, bytesPerSecond, loss, random, onLoss: () => void lost++ };
    site.cables.set(place, openCable);
    void site.start();
  }
  const line = site.line();
  const open = seed === undefined ? openCable : () => line.openLink(place);
  const [result] = await bench.run({ clock, opener: { open } });
  site.end();
  if (result?.outcome !== 'pass') throw new Error(`the install ended as ${JSON.stringify(result)}`);
  return { timeMs: result.times.totalMs, lost };
}

export async function remoteRow(): Promise<BenchRow> {
  const here = await installMs();
  const there: { timeMs: number; lost: number }[] = [];
  for (const seed of seeds) there.push(await installMs(seed));
  const worst = Math.max(...there.map(({ timeMs }) => timeMs));
  const lost = there.map((one) => one.lost).join(', ');
  return {
    name: `station over ${roundTripMs} ms and ${100 * loss} % loss, 1 MiB`,
    value: worst / 1000,
    unit: 's',
    ratio: worst / here.timeMs,
    limit: 1.15,
    note: `simulated time, worst of ${seeds.length}, ${lost} packets lost, each 400 ms late or more; peer: the cable at the line, ${(here.timeMs / 1000).toFixed(2)} s; ${baud} baud, flash times of an F427`,
  };
}

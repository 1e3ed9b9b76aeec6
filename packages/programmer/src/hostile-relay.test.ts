// A relay, or the PC at the station, that is an attacker: it records all that crosses between the engine and
// a chip (the agent in C where its answer counts, else a model of it), and drops, alters, doubles and
// replays it, and swaps chips. It can end an install or delay it; what it cannot do is install anything,
// read anything or spend a unit twice.

import { LinkClient } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { encodeStationFrame, type StationFrame, StationFrameReader } from '@firmseal/remote';
import { RemoteSite } from '@firmseal/remote/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Bench, type BenchChip, createBench } from '../test/bench.ts';
import { ModelChip } from '../test/model-chip.ts';
import { RealChip, verifyRealCertificate } from '../test/real-chip.ts';

const place = 'tcp:chip:1';
let made = 0;

/** A chip at a station, an engine that reaches it through a relay, and all frames that crossed. */
async function remote() {
  const chip = await RealChip.create(`remote ${++made}`);
  const bench = await createBench({ [place]: chip }, { verifyCertificate: verifyRealCertificate });
  return { chip, ...throughRelay(bench, chip) };
}

/** The same with a model of a chip, which is made in no time. */
async function modelled() {
  const chip = new ModelChip({ name: `remote ${++made}` });
  return throughRelay(await createBench({ [place]: chip }), chip);
}

function throughRelay<C extends BenchChip>(bench: Bench<C>, chip: C) {
  const clock = new TestClock();
  const site = new RemoteSite(clock);
  site.way = { delayMs: 20 };
  site.cables.set(place, async () => chip.connect());
  void site.start();
  const crossed: { frame: StationFrame; end: 0 | 1 }[] = [];
  const line = site.line();
  return {
    ...{ bench, site, crossed, clock },
    /** `act`: what the relay does with a frame; nothing when it gives nothing. */
    install: async (act: (frame: StationFrame, end: 0 | 1) => Uint8Array | undefined = () => undefined) => {
      site.meddle = (bytes, end) => {
        let changed: Uint8Array | undefined;
        new StationFrameReader().push(bytes, (frame) => {
          crossed.push({ frame, end });
          changed = act(frame, end);
        });
        return changed ?? bytes;
      };
      const [result] = await bench.run({ clock, opener: { open: (socket) => line.openLink(socket) } });
      return result!;
    },
  };
}

beforeAll(async () => {
  await remote();
});

test('a relay that only passes on what comes: PASS, and one record follows the other', async () => {
  const { bench, install, crossed } = await remote();
  expect(await install()).toMatchObject({ outcome: 'pass' });
  expect(bench.authority.receipts.size).toBe(1);
  expect(bench.events.filter(({ kind }) => kind === 'restart')).toEqual([]);
  for (const type of ['join', 'begin', 'begun', 'open', 'opened', 'data', 'close'])
    expect(crossed.map(({ frame }) => frame.type)).toContain(type);
});

const encoded = (bytes: Uint8Array, at: number) => {
  const changed = bytes.slice();
  changed[at % changed.length]! ^= 0x10;
  return changed;
};

/** The frame as it lies on the wire, from what was read of it. */
type Deed = (whole: Uint8Array, earlier: Uint8Array | undefined) => Uint8Array;

const deeds: Readonly<Record<string, Deed>> = {
  dropped: () => new Uint8Array(0),
  'altered in its head': (whole) => encoded(whole, 0),
  'altered in its content': (whole) => encoded(whole, whole.length - 1),
  doubled: (whole) => Uint8Array.from([...whole, ...whole]),
  'exchanged for an earlier one': (whole, earlier) => earlier ?? whole,
};

describe.each(Object.entries(deeds))('a frame that is %s', (_, deed) => {
  test.each(['open', 'opened', 'data', 'begin', 'begun'] as const)(
    '%s: one unit at most, and the same command ends in PASS',
    async (type) => {
      for (const hit of type === 'data' ? [0, 3, 7, 11] : [0]) {
        for (const direction of [0, 1] as const) {
          const { bench, site, install } = await modelled();
          let [seen, fired] = [0, 0];
          const earlier: Uint8Array[] = [];
          const result = await install((frame, end) => {
            if (frame.type !== type || end !== direction) return undefined;
            const whole = wholeOf(frame);
            earlier.push(whole);
            if (seen++ !== hit) return undefined;
            fired++;
            return deed(whole, earlier.at(-2));
          });
          if (seen === 0) continue; // that end never sends this kind
          expect(fired).toBe(1);
          if (result.outcome === 'fail') expect(result.fault.code).not.toBe('internal-error');
          expect(bench.authority.units.length).toBeLessThanOrEqual(1);
          expect(await install()).toMatchObject({ outcome: 'pass' });
          expect(bench.authority.units).toHaveLength(1);
          site.end();
        }
      }
    },
  );
});

const wholeOf = (frame: StationFrame): Uint8Array => encodeStationFrame(frame);

describe('a recorded install', () => {
  test('played again to its own chip and to another installs nothing', async () => {
    const first = await remote();
    expect(await first.install()).toMatchObject({ outcome: 'pass' });
    const recorded = first.crossed.flatMap(({ frame, end }) =>
      frame.type === 'data' && end === 1 ? [frame.payload] : [],
    );
    expect(recorded.length).toBeGreaterThan(6);
    const other = await remote();
    for (const { chip, clock } of [first, other]) {
      const writes = chip.chip.power.operations;
      const stream = chip.connect();
      let answered = 0;
      stream.listen({ data: () => void answered++, closed: () => undefined });
      for (const bytes of recorded) {
        await stream.write(bytes);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(answered).toBeGreaterThan(3);
      await stream.close();
      const link = new LinkClient({ stream: chip.connect(), clock });
      const info = await clock.run(link.request('info', new Uint8Array(0)));
      // Life cycle (key 3): the first holds its install still, the other none.
      expect(info[info.indexOf(0x03, 8) + 1]).toBe(chip === first.chip ? 3 : 1);
      // Nothing was erased or programmed.
      expect(chip.chip.power.operations - writes).toBe(0);
    }
  });
});

describe('a relay that swaps chips', () => {
  test('in the middle of an install: the engine notices, and the first chip keeps its unit', async () => {
    const { bench, site, install } = await remote();
    const other = await RealChip.create('swapped in');
    let records = 0;
    const result = await install((frame, end) => {
      if (frame.type !== 'data' || end !== 1 || ++records !== 8) return undefined;
      queueMicrotask(async () => {
        await site.kill();
        site.cables.set(place, async () => other.connect());
        void site.start();
      });
      return undefined;
    });
    expect(result).toMatchObject({ outcome: 'fail', fault: { code: 'chip-changed' } });
    expect(bench.authority.units).toHaveLength(1);
    expect(bench.authority.receipts.size).toBe(0);
  });
});

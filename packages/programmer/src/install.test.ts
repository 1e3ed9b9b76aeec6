// The engine against a model of the agent with real cryptography, on lines and
// stations that fail in every way.

import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { createStreamPair } from '@firmseal/link';
import { type ChunkFate, seededRandom } from '@firmseal/link/testing';
import { describe, expect, test } from 'vitest';
import { createBench } from '../test/bench.ts';
import { ModelChip } from '../test/model-chip.ts';
import { installStates, mayFollow } from './install-states.ts';
import { readJournalBytes } from './journal-line.ts';

const record = 0x22;
const oneChip = (options: Partial<ConstructorParameters<typeof ModelChip>[0]> = {}) => {
  const chip = new ModelChip({ name: 'chip', ...options });
  return { chip, ready: createBench({ 'usb-1': chip }) };
};

test('a chip is installed, proven and stored', async () => {
  const { chip, ready } = oneChip();
  const bench = await ready;
  const [result] = await bench.run();
  expect(result).toMatchObject({ outcome: 'pass', socket: 'usb-1', socketNumber: 1 });
  expect(chip.kept.lifeCycle).toBe('installed');
  expect(bench.authority.units).toHaveLength(1);
  expect(bench.authority.receipts.size).toBe(1);
  expect(bench.journal.entries.map(({ kind }) => kind)).toEqual([
    'planned',
    'hello',
    'licensed',
    'begun',
    'committed',
    'receipt',
  ]);
  const states = bench.events.flatMap((event) => (event.kind === 'state' ? [event.to] : []));
  expect(states.join(' ')).toBe('hello licensing package license records receipt storing closing passed');
  const progress = bench.events.flatMap((event) => (event.kind === 'progress' ? [event.doneBytes] : []));
  expect(progress).toEqual([0, ...Array.from({ length: 5 }, (_, i) => bench.sealed.bytesBefore(i + 1))]);
  for (const event of bench.events)
    expect(event).toMatchObject({
      socket: 'usb-1',
      socketNumber: 1,
      installId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
});

test('what fails after the receipt is stored changes nothing in a PASS', async () => {
  for (const deadlinesMs of [{}, { closing: 100 }]) {
    const { chip, ready } = oneChip();
    const bench = await ready;
    chip.onRequest = (type) => (type === 0x25 ? 'deaf' : undefined);
    expect((await bench.run({ deadlinesMs }))[0]).toMatchObject({ outcome: 'pass' });
  }
});

test('the same command again proves the same chip and spends nothing', async () => {
  const { chip, ready } = oneChip();
  const bench = await ready;
  await bench.run();
  const before = chip.requests.filter((type) => type === record).length;
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  expect(chip.requests.filter((type) => type === record)).toHaveLength(before);
  expect(bench.authority.units).toHaveLength(1);
  expect(bench.authority.licenses).toHaveLength(1);
});

test('a chip that resets to apply option bytes gets the same license again', async () => {
  const { ready } = oneChip({ optionResets: 2 });
  const bench = await ready;
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  expect(bench.authority.licenses).toHaveLength(1);
  expect(bench.events.filter(({ kind }) => kind === 'restart')).toHaveLength(2);
});

describe('every frame kind, each misfortune once: still PASS, nothing spent twice', () => {
  const fates: Record<string, ChunkFate> = {
    dropped: { copies: 0 },
    doubled: { copies: 2 },
    damaged: { corruptAt: 3 },
    'delayed by 5 s': { delayMs: 5000 },
  };
  for (const [name, fate] of Object.entries(fates)) {
    for (const direction of ['to-agent', 'to-host'] as const) {
      test(`${name} ${direction}`, async () => {
        // Frame by frame until a run has no frame of that number any more.
        for (let hit = 0; ; hit++) {
          const { chip, ready } = oneChip();
          const bench = await ready;
          let seen = 0;
          let fired = 0;
          const [result] = await bench.run({
            startApplication: true,
            plan: (way, chunk) => {
              if (way !== direction || chunk.length < 2 || seen++ !== hit) return {};
              fired++;
              return fate;
            },
          });
          expect(result, `frame ${hit}`).toMatchObject({ outcome: 'pass' });
          expect(bench.authority.units).toHaveLength(1);
          expect(chip.kept.installCount).toBe(1);
          if (fired === 0) {
            expect(hit).toBeGreaterThan(12);
            break;
          }
        }
      });
    }
  }
});

describe('every request, the chip resets before or after it: still PASS', () => {
  for (const moment of ['onRequest', 'onHandled'] as const) {
    test(moment, async () => {
      for (let hit = 1; ; hit++) {
        const { chip, ready } = oneChip();
        const bench = await ready;
        let fired = 0;
        let seen = 0;
        chip[moment] = () => {
          if (++seen !== hit) return undefined;
          fired++;
          return 'reset';
        };
        const [result] = await bench.run();
        expect(result, `request ${hit}`).toMatchObject({ outcome: 'pass' });
        expect(bench.authority.units).toHaveLength(1);
        expect(bench.authority.receipts.size).toBe(1);
        if (fired === 0) {
          expect(hit).toBeGreaterThan(10);
          break;
        }
      }
    });
  }
  test('and the connection ends with it', async () => {
    for (let hit = 1; hit < 12; hit++) {
      const { chip, ready } = oneChip();
      const bench = await ready;
      let seen = 0;
      chip.onRequest = () => {
        if (++seen === hit) chip.reset({ closes: true });
        return undefined;
      };
      expect((await bench.run())[0], `request ${hit}`).toMatchObject({ outcome: 'pass' });
      expect(bench.authority.units).toHaveLength(1);
    }
  });
});

describe('the program is killed at every journal line, and the command run again', () => {
  const killed = new Fault('journal-write-failed');
  for (const written of [false, true]) {
    test(`the line ${written ? 'was' : 'was not'} written`, async () => {
      let kills = 0;
      for (let hit = 1; hit <= 6; hit++) {
        const { chip, ready } = oneChip();
        const bench = await ready;
        let seen = 0;
        const torn = '{"check":"00000000","entry":{"kin';
        bench.journal.onAppend = () => {
          seen++;
          if (seen < hit + (written ? 1 : 0)) return;
          kills++;
          throw killed;
        };
        const [first] = await bench.run();
        expect(first!.outcome).toBe(written && hit === 6 ? 'pass' : 'fail');
        // What a power cut leaves of the line that was being written, which the next start cuts off.
        expect(readJournalBytes(utf8(bench.journal.text + torn)).entries).toEqual(bench.journal.entries);
        bench.journal.onAppend = () => undefined;
        chip.reset();
        const [second] = await bench.run();
        expect(second, `kill ${hit}`).toMatchObject({ outcome: 'pass' });
        if (hit > 1 && hit < 6) expect(second!.installId).toBe(first!.installId);
        expect(bench.authority.units).toHaveLength(1);
        expect(bench.authority.receipts.size).toBe(1);
      }
      expect(kills).toBeGreaterThan(5);
    });
  }
});

describe('the authority fails', () => {
  for (const call of ['giveChallenge', 'issueLicense', 'storeReceipt'] as const) {
    for (const after of [false, true]) {
      test(`${call}, ${after ? 'after' : 'before'} it did its work; the next run passes`, async () => {
        const { ready } = oneChip();
        const bench = await ready;
        bench.authority.failures.push({
          call,
          after,
          fault: new Fault('authority-unreachable', { reason: 'x' }),
        });
        expect((await bench.run())[0]).toMatchObject({
          outcome: 'fail',
          fault: { code: 'authority-unreachable' },
        });
        expect(bench.authority.failures).toHaveLength(0);
        expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
        expect(bench.authority.units).toHaveLength(1);
        expect(bench.authority.receipts.size).toBe(1);
      });
    }
  }
  test('the quota is spent: the refusal is the result, and nothing was sent to the chip', async () => {
    const chips = { a: new ModelChip({ name: 'a' }), b: new ModelChip({ name: 'b' }) };
    const bench = await createBench(chips, { quota: 1 });
    const results = await bench.run({ mostAtOnce: 1 });
    expect(results.map(({ outcome }) => outcome)).toEqual(['pass', 'fail']);
    expect(chips.b.requests).not.toContain(0x20);
  });
});

describe('chips that are not for this install', () => {
  test('another kind of chip', async () => {
    const { ready } = oneChip({ chipId: 'stm32h743' });
    const bench = await ready;
    expect((await bench.run())[0]).toMatchObject({ fault: { code: 'manifest-chip-wrong' } });
    expect(bench.authority.units).toHaveLength(0);
  });
  test('no identity', async () => {
    const { ready } = oneChip({ lifeCycle: 'blank' });
    expect((await (await ready).run())[0]).toMatchObject({ fault: { code: 'chip-not-ready' } });
  });
  test('one that is exchanged in the middle', async () => {
    const { chip, ready } = oneChip();
    const bench = await ready;
    const other = new ModelChip({ name: 'other' });
    chip.onRequest = (type, count) => {
      if (type !== record || count < 2) return undefined;
      bench.sockets.set('usb-1', other);
      return 'deaf';
    };
    const [first] = await bench.run();
    expect(first).toMatchObject({ fault: { code: 'chip-changed' } });
    expect(bench.authority.units).toHaveLength(1);
    expect(other.requests).not.toContain(0x20);
    // The next run takes the chip that is there now, as an install of its own.
    const [next] = await bench.run();
    expect(next).toMatchObject({ outcome: 'pass' });
    expect(next!.installId).not.toBe(first!.installId);
    expect(bench.authority.units).toHaveLength(2);
  });
});

describe('receipts that prove nothing', () => {
  test('a chip that claims to be installed without a license of this authority', async () => {
    const { chip, ready } = oneChip();
    const bench = await ready;
    await bench.run();
    bench.authority.licenses.length = 0;
    bench.journal.text = '';
    expect((await bench.run())[0]).toMatchObject({
      outcome: 'fail',
      fault: { code: 'receipt-license-wrong' },
    });
    expect(chip.kept.lifeCycle).toBe('installed');
  });
  test('an old license in the receipt of this run', async () => {
    const { chip, ready } = oneChip();
    const bench = await ready;
    await bench.run();
    const old = chip.kept.license!;
    chip.kept.lifeCycle = 'erased';
    chip.onRequest = (type) => {
      if (type === 0x24) chip.kept.license = old;
      return undefined;
    };
    expect((await bench.run())[0]).toMatchObject({ fault: { code: 'receipt-license-wrong' } });
  });
  test('a receipt that is not fresh although it was challenged', async () => {
    const { chip, ready } = oneChip();
    const bench = await ready;
    const { verifier } = bench;
    const [result] = await bench.run({
      mostRestarts: 2,
      verifier: {
        hello: (answer, challenge) => verifier.hello(answer, challenge),
        license: (bundle, thumbprint) => verifier.license(bundle, thumbprint),
        receipt: (question) => ({ ...verifier.receipt(question), fresh: false }),
      },
    });
    expect(result).toMatchObject({
      outcome: 'fail',
      fault: { code: 'install-restarts-exhausted', fields: { code: 'receipt-challenge-wrong' } },
    });
    expect(chip.kept.lifeCycle).toBe('installed');
    expect(bench.authority.receipts.size).toBe(0);
  });
  test('without journal and license, the authority alone can say whose receipt it is', async () => {
    const { ready } = oneChip();
    const bench = await ready;
    await bench.run();
    bench.journal.text = '';
    expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  });
});

describe('hostile or dead sockets end in a result', () => {
  const run = async (
    open: () => ReturnType<typeof createStreamPair>[0] | Promise<never>,
    change: { limitMs?: number } = {},
  ) => {
    const { ready } = oneChip();
    const bench = await ready;
    const [result] = await bench.run({ opener: { open: async () => open() }, mostRestarts: 3, ...change });
    if (result?.outcome !== 'fail') throw new Error('it passed');
    expect(bench.authority.units).toHaveLength(0);
    return result.fault;
  };
  test('nobody answers', async () => {
    expect(await run(() => createStreamPair()[0])).toMatchObject({
      code: 'chip-silent',
      fields: { attempts: 2 },
    });
  });
  test('the socket cannot be opened', async () => {
    const refuse = () => Promise.reject(new Fault('link-connect-failed', { address: 'x' }));
    expect(await run(refuse)).toMatchObject({ fields: { code: 'link-connect-failed' } });
  });
  test('opening never ends', async () => {
    expect(await run(() => new Promise<never>(() => undefined))).toMatchObject({
      fields: { code: 'step-timeout' },
    });
  });
  test('the whole install has a limit', async () => {
    expect(await run(() => createStreamPair()[0], { limitMs: 5000 })).toMatchObject({
      code: 'install-deadline-exceeded',
    });
  });
  test('it echoes and babbles', async () => {
    const random = seededRandom(1);
    const fault = await run(() => {
      const [host, peer] = createStreamPair();
      peer.listen({
        data: (bytes) => {
          const noise = Uint8Array.from({ length: 500 }, () => Math.floor(random() * 256));
          for (const part of [bytes, noise, bytes]) peer.write(part).catch(() => undefined);
        },
        closed: () => undefined,
      });
      return host;
    });
    expect(fault).toMatchObject({ code: 'chip-silent' });
  });
});

test('the operator stops it: a clean fault, and the next run finishes', async () => {
  const { chip, ready } = oneChip();
  const bench = await ready;
  const controller = new AbortController();
  chip.onRequest = (type, count) => {
    if (type === record && count === 2) controller.abort();
    return undefined;
  };
  const [stopped] = await bench.run({ signal: controller.signal });
  expect(stopped).toMatchObject({ outcome: 'fail', fault: { code: 'install-stopped' } });
  const [result] = await bench.run();
  expect(result).toMatchObject({ outcome: 'pass', installId: stopped!.installId });
  expect(bench.authority.units).toHaveLength(1);
});

test('a line so bad that most frames are hit still ends, seed by seed', async () => {
  let passes = 0;
  for (let seed = 0; seed < 15; seed++) {
    const random = seededRandom(seed);
    const { ready } = oneChip();
    const bench = await ready;
    const [result] = await bench.run({
      plan: () => {
        if (random() > 0.2) return {};
        return random() < 0.5 ? { copies: 0 } : { corruptAt: Math.floor(random() * 100) };
      },
    });
    expect(bench.authority.units.length, `seed ${seed}`).toBeLessThanOrEqual(1);
    if (result!.outcome === 'pass') passes++;
  }
  expect(passes).toBeGreaterThan(12);
});

test('every state leads somewhere that exists, and passed and failed lead nowhere', () => {
  for (const [name, { next }] of Object.entries(installStates)) {
    for (const to of next) expect(Object.keys(installStates)).toContain(to);
    expect(next.length === 0).toBe(name === 'passed' || name === 'failed');
  }
  expect(mayFollow('opening', 'records')).toBe(false);
});

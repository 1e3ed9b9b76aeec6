// spec/recovery.md on the agent's WebAssembly build: what an application can do to the journal at level 2,
// and what the owner does about it.

import type { Bytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeEpochStatement, makeSuccession } from '@firmseal/formats';
import { describe, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { buildWeakenedAgent } from '../build.ts';
import {
  enterAgent,
  eraseRange,
  HostileApplication,
  letApplication,
  putRange,
  type RecoveryChange,
  readRange,
  recover,
} from './hostile-application.ts';
import { blankLine, type Line } from './line.ts';
import { applicationPackage, twoPlaces } from './trial-application.ts';
import { delegate, epoch, keyPair, product, root, signerOf, type TestPackage } from './trusted-site.ts';

interface Bench {
  readonly line: Line;
  readonly application: HostileApplication;
  readonly sealed: (securityCounter: number) => Promise<TestPackage>;
}

/** A chip at level 2 whose application has the counter 5. */
async function bench(chipId: string, agent?: Uint8Array): Promise<Bench> {
  const application = new HostileApplication();
  const line = await blankLine(chipId, 'recovery', agent, [application]);
  await line.personalize(2);
  const [place] = twoPlaces(findChip(chipId));
  const sealed = (securityCounter: number) => applicationPackage(chipId, place, { securityCounter });
  await line.install(await sealed(5));
  return { line, application, sealed };
}

const halves = ({ chip }: Line) => chip.chip.layout.journal;
const startOf = (line: Line, half = 1): number => halves(line)[half]!.eraseUnits[0]!.addressStart;
const eraseJournal = (line: Line) => (cpu: Parameters<typeof eraseRange>[0]) => {
  for (const half of halves(line)) eraseRange(cpu, half);
};

async function expectWorks({ line, sealed }: Bench, securityCounter: number): Promise<void> {
  expect(line.hello()).toMatchObject({ lifeCycle: 'erased' });
  const receipt = await line.install(await sealed(securityCounter));
  expect(receipt).toMatchObject({ result: 'installed', securityCounter });
  line.chip.reset();
  expect(line.chip.bootedApplication).toBeDefined();
}

describe.each(['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575'])('%s', (chipId) => {
  it('takes up work again after its journal was erased, with the floor that the owner states', async () => {
    const on = await bench(chipId);
    const { line, application, sealed } = on;
    letApplication(line, application, eraseJournal(line));
    expect(line.info().get(3)).toBe(7);
    expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
    for (const type of [0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x24, 0x26])
      expect(line.try(type, new Uint8Array(0)).status).toBe('recovery-needed');
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeUndefined();
    expect((await recover(line, { securityCounter: 7, unwraps: 40 })).status).toBe(0);
    expect(line.hello()).toMatchObject({ lifeCycle: 'erased', securityCounter: 7, unwraps: 40, epoch });
    expect(line.try(0x20, (await sealed(6)).headerBytes).status).toBe('counter-rolled-back');
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeUndefined();
    await expectWorks(on, 7);
  });

  it('refuses what was said for another hello, for another chip, by another signer', async () => {
    const { line, application } = await bench(chipId);
    letApplication(line, application, eraseJournal(line));
    const floors = { securityCounter: 5, unwraps: 16 };
    const status = async (change: RecoveryChange) => (await recover(line, floors, change)).status;
    const { nonce } = line.hello();
    expect(await status({ statement: { nonce } })).toBe('recovery-nonce-wrong');
    expect(await status({ statement: { thumbprint: new Uint8Array(32) } })).toBe('recovery-device-wrong');
    expect(await status({ statement: { epoch: epoch - 1 } })).toBe('recovery-epoch-wrong');
    expect(await status({ statement: { epoch: epoch + 1 } })).toBe('recovery-epoch-wrong');
    expect(await status({ by: signerOf('stranger') })).toBe('recovery-signature-invalid');
    expect(line.try(0x30, new Uint8Array(5)).status).toBe('recovery-malformed');
    // A hello without a challenge can be of any time.
    line.request(0x02);
    expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
  });
});

describe('a recoverer', () => {
  const by = signerOf('recoverer');

  it('recovers under the cap of its delegation, in the epoch in force', async () => {
    const on = await bench('stm32f427');
    const { line, application } = on;
    letApplication(line, application, eraseJournal(line));
    const delegation = await delegate('recoverer', 'recoverer', { counterCap: 9 });
    const status = async (securityCounter: number, change: RecoveryChange = {}) =>
      (await recover(line, { securityCounter, unwraps: 16 }, { by, delegation, ...change })).status;
    expect(await status(10)).toBe('delegation-counter-exceeded');
    const issuer = await delegate('license-issuer', 'recoverer');
    expect(await status(9, { delegation: issuer })).toBe('delegation-role-wrong');
    const epochStatement = await makeEpochStatement(crypto, root, { product, epoch: epoch + 1 });
    expect(await status(9, { epochStatement, statement: { epoch: epoch + 1 } })).toBe('delegation-revoked');
    expect(await status(9)).toBe(0);
    await expectWorks(on, 9);
  });
});

describe('an older journal', () => {
  /** Content of both halves now, as an application reads it. */
  function save(line: Line, application: HostileApplication): Bytes[] {
    const saved: Bytes[] = [];
    letApplication(line, application, (cpu) => {
      for (const half of halves(line)) saved.push(readRange(cpu, half));
    });
    return saved;
  }

  const put = (line: Line, saved: readonly Bytes[]) => (cpu: Parameters<typeof eraseRange>[0]) => {
    for (const [i, half] of halves(line).entries()) putRange(cpu, half, saved[i]!);
  };

  /** Before and after an update from counter 5 to 9. */
  async function updated(chipId: string, agent?: Uint8Array) {
    const on = await bench(chipId, agent);
    const saved = save(on.line, on.application);
    await on.line.install(await on.sealed(9));
    return { ...on, saved };
  }

  it.each(['stm32f427', 'stm32g0b1', 'stm32u575'])(
    'in both halves is told by the floor: %s',
    async (chipId) => {
      const on = await updated(chipId);
      const { line, application, saved } = on;
      letApplication(line, application, put(line, saved));
      expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
      expect((await recover(line, { securityCounter: 8, unwraps: 32 })).status).toBe('recovery-floor-low');
      expect((await recover(line, { securityCounter: 9, unwraps: 32 })).status).toBe(0);
      await expectWorks(on, 9);
      // Neither the journal from before the update nor the one from before the recovery comes back.
      letApplication(line, application, put(line, saved));
      expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
    },
  );

  it('is bounded by nothing on the STM32H743, and the owner takes it away by a statement', async () => {
    const on = await updated('stm32h743');
    const { line, application, saved } = on;
    letApplication(line, application, put(line, saved));
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
    expect((await recover(line, { securityCounter: 9, unwraps: 32 })).status).toBe(0);
    await expectWorks(on, 9);
  });

  it.each(['stm32f427', 'stm32h743', 'stm32g0b1'])(
    'in one half alone changes nothing: %s',
    async (chipId) => {
      const { line, application, saved } = await updated(chipId);
      const newest = save(line, application);
      const isBlank = (bytes: Bytes) => bytes.every((byte) => byte === 0xff);
      const free = newest.findIndex(isBlank);
      expect(free).toBeGreaterThanOrEqual(0);
      const used = saved.find((bytes) => !isBlank(bytes))!;
      letApplication(line, application, (cpu) => putRange(cpu, halves(line)[free]!, used));
      expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 9 });
    },
  );

  it('does not become the newest when the newer half is erased', async () => {
    const { line, application } = await bench('stm32h743');
    // As many states as a half takes: somewhere the journal changes halves.
    let erased = false;
    for (let i = 0; i < 60 && !erased; i++) {
      const before = line.chip.judge.flash(startOf(line), 32);
      line.hello();
      await line.install(await applicationPackage('stm32h743', 0x08000000, { securityCounter: 6 + i }));
      erased =
        before.every((b) => b === 0xff) !== line.chip.judge.flash(startOf(line), 32).every((b) => b === 0xff);
    }
    expect(erased).toBe(true);
    const isBlank = (half: number) =>
      line.chip.judge.flash(startOf(line, half), 32).every((byte) => byte === 0xff);
    expect([isBlank(0), isBlank(1)].filter(Boolean)).toHaveLength(1);
    const newer = halves(line)[isBlank(0) ? 1 : 0]!;
    letApplication(line, application, (cpu) => eraseRange(cpu, newer));
    expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
  });

  it('is taken by an agent that does not look at the floor', async () => {
    const agent = await buildWeakenedAgent('stm32f427', { 'floor-below': '' });
    const { line, application, saved } = await updated('stm32f427', agent);
    letApplication(line, application, put(line, saved));
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
  });
});

describe('after a rotation of the root', () => {
  const second = signerOf('second root');

  /** An update carried the chip to the second root, in epoch 4. */
  async function rotated(chipId: string) {
    const on = await bench(chipId);
    const succession = await makeSuccession(crypto, root, {
      ...{ product, publicKey: keyPair('second root').publicKey, epoch: 4 },
    });
    const delegation = await delegate('package-signer', 'package signer', { by: second, epoch: 4 });
    const [place] = twoPlaces(findChip(chipId));
    const sealed = await applicationPackage(...([chipId, place, { securityCounter: 6 }] as const), {
      delegation,
      successions: [succession],
    });
    expect(on.line.try(0x20, sealed.headerBytes).status).toBe(0);
    enterAgent(on.line);
    expect(on.line.hello()).toMatchObject({ epoch: 4 });
    letApplication(on.line, on.application, eraseJournal(on.line));
    return { ...on, succession };
  }

  it.each(['stm32f427', 'stm32g0b1', 'stm32u575'])('the old root recovers nothing: %s', async (chipId) => {
    const { line, succession } = await rotated(chipId);
    const floors = { securityCounter: 5, unwraps: 16, epoch: 9 };
    const epochStatement = await makeEpochStatement(crypto, root, { product, epoch: 9 });
    expect((await recover(line, floors, { epochStatement })).status).toBe('recovery-root-old');
    const ours = { successions: [succession], by: second };
    expect((await recover(line, { ...floors, epoch: 4 }, ours)).status).toBe(0);
    expect(line.hello()).toMatchObject({ lifeCycle: 'erased', epoch: 4 });
  });

  it('the old root recovers an STM32H743, which has no memory for it: the limit that is stated', async () => {
    const { line } = await rotated('stm32h743');
    expect((await recover(line, { securityCounter: 5, unwraps: 16 })).status).toBe(0);
  });
});

describe('a power cut', () => {
  it.each(['stm32f427', 'stm32g0b1', 'stm32h743'])(
    'at any operation of a recovery leaves a chip that is recovered, or can be: %s',
    async (chipId) => {
      const { line, application, sealed } = await bench(chipId);
      letApplication(line, application, eraseJournal(line));
      const { chip } = line;
      const waiting = chip.judge.snapshot();
      const first = chip.power.operations;
      expect((await recover(line, { securityCounter: 7, unwraps: 32 })).status).toBe(0);
      const last = chip.power.operations;
      expect(last - first).toBeGreaterThan(20);
      const cuts: { operation: number; moment: 'before' | 'torn' | 'after' }[] = [];
      for (let operation = first + 1; operation <= last; operation++)
        for (const moment of ['before', 'torn', 'after'] as const) cuts.push({ operation, moment });
      let recovered = 0;
      const step = sampled(1, Math.ceil(cuts.length / 40));
      for (const cut of cuts.filter((_, i) => i % step === 0)) {
        chip.judge.restore(waiting, { seed: `${cut.operation} ${cut.moment}` });
        chip.power.plan([cut]);
        await recover(line, { securityCounter: 7, unwraps: 32 }).catch(() => {});
        chip.power.plan([]);
        chip.powerOff();
        chip.powerOn();
        const { lifeCycle, securityCounter } = line.hello();
        if (lifeCycle === 'erased') {
          expect(securityCounter).toBe(7);
          recovered++;
        } else {
          expect(lifeCycle).toBe('recovery-needed');
          expect((await recover(line, { securityCounter: 7, unwraps: 32 })).status).toBe(0);
        }
      }
      expect(recovered).toBeGreaterThan(0);
      await line.install(await sealed(7));
    },
  );
});

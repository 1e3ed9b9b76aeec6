// The anchor (spec/anchor.md) on WebAssembly builds of every chip: which agent it starts, what it copies,
// what it loads, and what a power cut at any operation leaves.

import { encodeAgentImage, readAgentImage } from '@firmseal/agent-image';
import type { Bytes } from '@firmseal/bytes';
import { describe, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { buildWeakenedAnchor } from '../build.ts';
import { agentChipIds } from '../toolchain/chip-header.ts';
import { agentDelegation } from './agent-package.ts';
import { AnchorBench, codeNumbered, measuredAgent, signedAgent } from './anchor-bench.ts';
import { delegate, owner, signerOf } from './trusted-site.ts';

const measured = 0xa0;

const changed = (image: Uint8Array, at: number): Uint8Array => {
  const copy = image.slice();
  copy[at]! ^= 1;
  return copy;
};

/** Images that no chip of the owner may start; counter 9. */
const refused: readonly (readonly [string, (chipId: string) => Promise<Uint8Array>])[] = [
  ['signed by a stranger', async (chipId) => forged(chipId)],
  ['for another product', (chipId) => signedAgent(chipId, 9, { product: 'kettle' })],
  ['for another chip', (chipId) => signedAgent(chipId, 9, { chipId: `${chipId}x` })],
  ['a byte of its code changed', async (chipId) => changed(await signedAgent(chipId, 9), 1024 + 40)],
  ['a byte of its proof changed', async (chipId) => changed(await signedAgent(chipId, 9), 100)],
  ['its counter raised', async (chipId) => changed(await signedAgent(chipId, 9), 13)],
  ['no proof', async () => changed(measuredAgent, 1024)],
  ['a torn head', async (chipId) => changed(await signedAgent(chipId, 9), 0)],
];

/** The proof of an agent signer whom the root does not know: his delegation is his own. */
async function forged(chipId: string): Promise<Uint8Array> {
  const image = readAgentImage(await signedAgent(chipId, 9));
  const own = await delegate('agent-signer', 'agent signer', { by: signerOf('stranger') });
  return encodeAgentImage({ ...image, proof: { ...image.proof!, delegation: own } });
}

describe.each(agentChipIds)('%s', (chipId) => {
  it('starts the measured agent and makes its copy; a second start writes nothing', async () => {
    const bench = await AnchorBench.create(chipId);
    expect(bench.start()).toBe(measured);
    expect(bench.holds('b', measuredAgent)).toBe(true);
    const { operations } = bench.chip.power;
    bench.chip.powerOff();
    expect(bench.start()).toBe(measured);
    expect(bench.chip.power.operations).toBe(operations);
  });

  it('takes the newer one of slot B, and no older or equal one', async () => {
    const bench = await AnchorBench.create(chipId);
    const [seven, eight] = [await signedAgent(chipId, 7), await signedAgent(chipId, 8)];
    bench.put(['b', eight]);
    expect(bench.start()).toBe(8);
    expect(bench.holds('a', eight)).toBe(true);
    for (const older of [seven, measuredAgent]) {
      bench.put(['b', older]);
      expect(bench.start()).toBe(8);
      expect(bench.holds('b', eight)).toBe(true);
    }
  });

  it.each(refused)('refuses in either slot an agent: %s', async (_, make) => {
    const bench = await AnchorBench.create(chipId);
    const image = await make(chipId);
    bench.put(['b', image]);
    expect(bench.start()).toBe(measured);
    expect(bench.holds('b', measuredAgent)).toBe(true);
    bench.put(['a', image]);
    expect(bench.start()).toBe(measured);
    bench.put(['a', image], ['b', image]);
    expect(bench.start()).toBe('loader');
    expect(bench.load(image).status).not.toBe(0);
    bench.chip.powerOff();
    expect(bench.start()).toBe('loader');
  });

  it('puts back a slot that was erased or changed', async () => {
    const bench = await AnchorBench.create(chipId);
    bench.start();
    for (const slot of ['a', 'b'] as const)
      for (const content of [undefined, changed(measuredAgent, 1024 + 95)]) {
        bench.put([slot, content]);
        expect(bench.start()).toBe(measured);
        expect([bench.holds('a', measuredAgent), bench.holds('b', measuredAgent)]).toEqual([true, true]);
      }
  });

  it('with both slots erased it loads the measured agent, or a signed one, over the link', async () => {
    for (const [image, number] of [
      [measuredAgent, measured],
      [await signedAgent(chipId, 7), 7],
    ] as const) {
      const bench = await AnchorBench.create(chipId);
      bench.put(['a'], ['b']);
      expect(bench.start()).toBe('loader');
      expect(bench.load(image).status).toBe(0);
      expect(bench.state()).toBe(number);
      expect(bench.holds('b', image)).toBe(true);
    }
  });

  it('the loader takes pieces in their order alone, and nothing before a header that passes', async () => {
    const bench = await AnchorBench.create(chipId);
    bench.put(['a'], ['b']);
    bench.start();
    const image = await signedAgent(chipId, 7);
    expect(bench.code(image, 1024, 32).status).toBe('request-out-of-state');
    const { operations } = bench.chip.power;
    const narrow = await agentDelegation({ epoch: 0 });
    const revoked = await signedAgent(chipId, 7, { delegation: narrow }).catch(() => undefined);
    if (revoked !== undefined) expect(bench.header(revoked).status).toBe('delegation-revoked');
    expect(bench.header(await forged(chipId)).status).toBe('delegation-signature-invalid');
    expect(bench.chip.power.operations).toBe(operations);
    expect(bench.header(image).status).toBe(0);
    expect(bench.code(image, 1056, 32)).toMatchObject({ status: 'request-out-of-state', detail: 1024 });
    expect(bench.line.try(0x41, new Uint8Array(4 + 128)).status).toBe('request-out-of-state');
    expect(bench.code(image, 1024, 31).status).toBe('request-malformed');
    expect(bench.line.try(0x02, new Uint8Array(0)).status).toBe('request-unknown');
    expect(bench.line.try(0x40, image.subarray(0, 1023)).status).toBe('request-malformed');
    expect(bench.load(image).status).toBe(0);
    expect(bench.state()).toBe(7);
  });
});

/** The statement of one signer beside the delegation of another. */
async function statedBy(chipId: string, signer: string, delegation: Bytes): Promise<Uint8Array> {
  const own = await delegate('agent-signer', signer);
  const image = readAgentImage(await signedAgent(chipId, 9, { signer, delegation: own }));
  return encodeAgentImage({ ...image, proof: { ...image.proof!, delegation } });
}

/** A delegation whose signature is not the root's. */
async function spoilt(): Promise<Bytes> {
  const delegation = await agentDelegation();
  delegation[delegation.length - 1]! ^= 1;
  return delegation;
}

describe.each(agentChipIds)('%s, whose data name an agent signer', (chipId) => {
  const starting = async (image: Uint8Array, counterCap = 1000): Promise<number | 'loader' | 'nothing'> => {
    const trust = { ...owner, agentDelegation: await agentDelegation({ counterCap }) };
    const bench = await AnchorBench.create(chipId, { trust });
    bench.put(['a', image], ['b', image]);
    return bench.start();
  };

  it('starts his agents, and does not ask the root for them', async () => {
    expect(await starting(await signedAgent(chipId, 9))).toBe(9);
    const unasked = await statedBy(chipId, 'agent signer', await spoilt());
    expect(await starting(unasked)).toBe(9);
    const bench = await AnchorBench.create(chipId);
    bench.put(['a', unasked], ['b', unasked]);
    expect(bench.start()).toBe('loader');
  });

  it('refuses what somebody else signed in his name', async () => {
    expect(await starting(await statedBy(chipId, 'stranger', await agentDelegation()))).toBe('loader');
    expect(await starting(await forged(chipId))).toBe(9); // his own statement: the delegation counts for nothing
  });

  it('starts agents of another signer by the word of the root, and refuses those without it', async () => {
    const delegation = await delegate('agent-signer', 'agent signer of later');
    const signer = 'agent signer of later';
    expect(await starting(await signedAgent(chipId, 9, { signer, delegation }))).toBe(9);
    const by = signerOf('stranger');
    const own = await delegate('agent-signer', signer, { by });
    expect(await starting(await statedBy(chipId, signer, own))).toBe('loader');
  });

  it('asks the root for a counter above his cap', async () => {
    expect(await starting(await signedAgent(chipId, 9), 9)).toBe(9);
    expect(await starting(await signedAgent(chipId, 9), 8)).toBe(9); // the image brings a delegation up to 1000
    expect(await starting(await statedBy(chipId, 'agent signer', await spoilt()), 8)).toBe('loader');
  });
});

/** Flash operations of an action, from power-on on. */
function countOperations(bench: AnchorBench, action: () => void): number {
  const before = bench.chip.power.operations;
  action();
  return bench.chip.power.operations - before;
}

describe.each(agentChipIds)('%s, power cut at every operation of', (chipId) => {
  const moments = sampled(['before', 'torn', 'after'] as const, ['torn'] as const);
  const step = sampled(1, chipId === 'stm32f427' || chipId === 'stm32f405' ? 13 : 7);

  async function everyCut(
    prepare: (bench: AnchorBench) => void,
    action: (bench: AnchorBench) => void,
    settled: (bench: AnchorBench) => void,
  ): Promise<void> {
    const bench = await AnchorBench.create(chipId);
    prepare(bench);
    const from = bench.chip.judge.snapshot();
    const whole = countOperations(bench, () => action(bench));
    expect(whole).toBeGreaterThan(3);
    for (const moment of moments)
      for (let at = 1; at <= whole; at += step) {
        bench.chip.judge.restore(from, { seed: `${moment} ${at}` });
        bench.state();
        bench.chip.power.plan([{ operation: bench.chip.power.operations + at, moment }]);
        action(bench);
        bench.chip.powerOff();
        settled(bench);
      }
  }

  it('the copy of a newer agent to slot A', async () => {
    const eight = await signedAgent(chipId, 8);
    await everyCut(
      (bench) => {
        bench.start();
        bench.chip.powerOff();
        bench.put(['b', eight]);
      },
      (bench) => bench.chip.powerOn(),
      (bench) => {
        bench.state();
        expect(bench.start()).toBe(8);
        expect([bench.holds('a', eight), bench.holds('b', eight)]).toEqual([true, true]);
      },
    );
  });

  it('the repair of slot B', async () => {
    await everyCut(
      (bench) => bench.put(['b', codeNumbered(1)]),
      (bench) => bench.chip.powerOn(),
      (bench) => {
        bench.state();
        expect(bench.start()).toBe(measured);
        expect(bench.holds('b', measuredAgent)).toBe(true);
      },
    );
  });

  it('the loader', async () => {
    const seven = await signedAgent(chipId, 7);
    await everyCut(
      (bench) => {
        bench.put(['a'], ['b']);
      },
      (bench) => {
        bench.chip.powerOn();
        try {
          bench.load(seven);
        } catch {
          // No answer: the power went.
        }
      },
      (bench) => {
        bench.state();
        const state = bench.start();
        expect([7, 'loader']).toContain(state);
        if (state === 'loader') {
          expect(bench.load(seven).status).toBe(0);
          expect(bench.state()).toBe(7);
        }
      },
    );
  });
});

it('without the comparison of counters an older agent replaces the newer one', async () => {
  const chipId = 'stm32u575';
  const weak = buildWeakenedAnchor(chipId, { 'anchor-newer': '' });
  const bench = await AnchorBench.create(chipId, { module: weak });
  bench.put(['a', await signedAgent(chipId, 8)], ['b', await signedAgent(chipId, 7)]);
  expect(bench.start()).toBe(7);
});

// The demo tells the truth: with all defences its summary is as it must be, and with any one of them taken
// away the field that stands for it changes; in a sample three of them are.

import { decodeEvidenceLine, encodeEvidenceLine } from '@firmseal/authority-contract';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent, buildWeakenedAgent } from '../../../device/agent/build.ts';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { type DemoConditions, demoConditions } from '../src/demo/conditions.ts';
import { type DemoStep, type DemoSummary, runDemo } from '../src/demo/run-demo.ts';

/** 10,000 bytes in three records: enough for every attempt, and quick. */
const bytes = withVectorTable(
  findChip('stm32f427'),
  0x0800_0000,
  Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * 31 + i) % 251),
);
const image = { format: 'bin' as const, notes: [], segments: [{ address: 0x0800_0000, bytes }] };
const imageBytes = image.segments[0]!.bytes.length;

let agent: Uint8Array;
let sound: DemoSummary;
const steps: DemoStep[] = [];

const run = (
  changes: Partial<DemoConditions>,
  tell: (step: DemoStep) => void = () => undefined,
): Promise<DemoSummary> =>
  runDemo({
    image,
    chipId: 'stm32f427',
    conditions: { ...demoConditions, agentModule: () => agent, ...changes },
    tell,
  });

beforeAll(async () => {
  agent = await buildAgent('stm32f427');
  sound = await run({}, (step) => steps.push(step));
});

afterAll(() => {
  steps.length = 0;
});

describe('the demo', () => {
  it('ends with everything held', () => {
    expect(sound).toEqual({
      event: 'summary',
      installed: 4,
      receiptsVerified: 4,
      quotaRefused: true,
      repeatSpentQuota: false,
      controlBytesRead: imageBytes,
      plaintextBytesRead: 0,
      interruptedReadable: false,
      interruptedBootable: false,
      foreignLicenseRefused: true,
      issued: 4,
      receipts: 4,
      ledgerVerified: true,
    });
  });

  it('shows a control that succeeded beside every attempt', () => {
    const attempts = steps.filter((step) => step.event === 'attempt');
    expect(attempts).toHaveLength(6);
    expect(attempts.every(({ held, control }) => held && control)).toBe(true);
  });

  it('finds what level 1 leaves in RAM, so that the search is known to find something', () => {
    const [level1] = steps.filter((step) => step.event === 'level-1');
    expect(level1?.ramBytesDuring).toBeGreaterThan(1000);
    expect(level1?.keysDuring).toBeGreaterThan(0);
  });
});

describe('with a defence taken away', () => {
  it('no readout protection: plaintext is read, after installs and after interrupted ones', async () => {
    const summary = await run({ protectedLevel: 0 });
    expect(summary.plaintextBytesRead).toBeGreaterThan(imageBytes);
    expect(summary.interruptedReadable).toBe(true);
    expect(summary.interruptedBootable).toBe(false);
  });

  it('an agent that boots whatever the journal says: an interrupted install boots', async () => {
    const weak = await buildWeakenedAgent('stm32f427', {
      'boot-valid-record': '',
      'boot-abandons-a-cut-install': '',
    });
    const summary = await run({ agentModule: () => weak });
    expect(summary.interruptedBootable).toBe(true);
  });

  it('receipts altered on their way: none is verified, no install counts', async () => {
    const summary = await run({
      receipt: (receipt) =>
        Uint8Array.from(receipt, (byte, i) => (i === receipt.length - 1 ? byte ^ 1 : byte)),
    });
    expect(summary.receiptsVerified).toBe(0);
    expect(summary.installed).toBe(0);
    expect(summary.receipts).toBe(0);
  });

  if (!isWhole) return;

  it('a larger quota: the fifth chip is not refused', async () => {
    const summary = await run({ quota: 5 });
    expect(summary.quotaRefused).toBe(false);
    expect(summary.issued).toBe(5);
  });

  it('a store that forgets which chips have a unit: a repeat spends quota', async () => {
    let asked = 0;
    const summary = await run({
      quota: 9,
      wrapStore: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            const method = Reflect.get(target, name);
            if (name !== 'countJob') return typeof method === 'function' ? method.bind(target) : method;
            // Units as a store would count them that takes one at every request.
            return async (jobId: never) => {
              const counts = await target.countJob(jobId);
              return { ...counts, units: counts.licenses + 0 * asked++ };
            };
          },
        }),
    });
    expect(asked).toBeGreaterThan(0);
    expect(summary.repeatSpentQuota).toBe(true);
  });

  it('two chips with the same keys: the license of one is taken by the other', async () => {
    const summary = await run({ chipSeed: (index) => `line/${index === 103 ? 102 : index}` });
    expect(summary.foreignLicenseRefused).toBe(false);
  });

  it('an entry of the log altered: the ledger is not verified', async () => {
    const summary = await run({
      evidence: async function* (lines) {
        let number = 0;
        for await (const text of lines) {
          const line = decodeEvidenceLine(text, ++number);
          if (line.kind === 'log' && line.sequence === 3) line.entry[8]! ^= 1;
          yield encodeEvidenceLine(line);
        }
      },
    });
    expect(summary.ledgerVerified).toBe(false);
    expect(summary.issued).toBe(4);
  });
});

// Every vector, both ways; and any settings at all.

import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BoardSettings, boardBlockBytes, decodeBoardBlock, encodeBoardBlock } from './index.ts';

interface Case {
  readonly name: string;
  readonly chip: string;
  readonly block: string;
  readonly settings?: BoardSettings;
  readonly fault?: string;
}
const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/board/read.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

const outcome = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('vectors', () => {
  test.each(cases)('$name', ({ chip, block, settings, fault }) => {
    expect(outcome(() => decodeBoardBlock(fromHex(block), findChip(chip)))).toEqual(settings ?? fault);
    if (settings !== undefined) expect(toHex(encodeBoardBlock(settings, findChip(chip)))).toBe(block);
  });
});

const pins = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom(...'BCDEFGHIJK'), fc.integer({ min: 0, max: 15 }))
    .map(([port, n]) => `P${port}${n}`),
  { minLength: 3, maxLength: 3 },
);
const baud = fc.integer({ min: 1200, max: 20_000_000 });
const settings: fc.Arbitrary<BoardSettings> = fc
  .record({
    pins,
    oscillator: fc.oneof(
      fc.constant({ kind: 'internal' as const }),
      fc.record({
        kind: fc.constantFrom('crystal' as const, 'bypass' as const),
        frequencyHz: fc.integer({ min: 1_000_000, max: 50_000_000 }),
      }),
    ),
    supply: fc.tuple(fc.integer({ min: 1600, max: 3700 }), fc.integer({ min: 1600, max: 3700 })),
    core: fc.constantFrom('ldo' as const, 'smps' as const, 'direct' as const),
    peripheral: fc.constantFrom('USART1', 'USART10', 'LPUART1', 'LPUART3'),
    functions: fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 })),
    rates: fc.uniqueArray(baud, { minLength: 2, maxLength: 2 }),
    uses: fc.record({ uart: fc.boolean(), fast: fc.boolean(), entry: fc.boolean(), usb: fc.boolean() }),
    active: fc.constantFrom('high' as const, 'low' as const),
    pull: fc.constantFrom('none' as const, 'up' as const, 'down' as const),
    listenWindowMs: fc.integer({ min: 0, max: 10_000 }),
    boots: fc.integer({ min: 0, max: 100 }),
    ids: fc.tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 0, max: 0xffff })),
    vbusSensing: fc.boolean(),
    page: fc.option(fc.stringMatching(/^[!-~]{1,18}$/), { nil: undefined }),
  })
  .filter(({ uses }) => uses.uart || uses.usb)
  .map(({ pins: [tx, rx, entry], uses, rates, functions, ids, ...one }) => ({
    oscillator: one.oscillator,
    supply: {
      leastMillivolts: Math.min(...one.supply),
      mostMillivolts: Math.max(...one.supply),
      core: one.core,
    },
    ...(uses.uart && {
      uart: {
        peripheral: one.peripheral,
        tx: { pin: tx!, function: functions[0] },
        rx: { pin: rx!, function: functions[1] },
        baud: rates[0]!,
        ...(uses.fast && { fastBaud: rates[1]! }),
      },
    }),
    ...(uses.entry && { entry: { pin: entry!, active: one.active, pull: one.pull } }),
    listenWindowMs: one.listenWindowMs,
    ...(one.boots > 0 && { unconfirmedBoots: one.boots }),
    ...(uses.usb && {
      usb: {
        ...{ vendorId: ids[0], productId: ids[1], vbusSensing: one.vbusSensing },
        ...(one.page !== undefined && { landingPage: `https://${one.page}` }),
      },
    }),
  }));

const chip = findChip('stm32u575');

describe('any settings', () => {
  test('come back from their block, which fits every write unit', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const block = encodeBoardBlock(one, chip);
        expect(block).toHaveLength(boardBlockBytes);
        expect(decodeBoardBlock(block, chip)).toEqual(one);
      }),
    );
  });

  test('in a block with a turned bit are never taken for others', () => {
    fc.assert(
      fc.property(settings, fc.nat(boardBlockBytes * 8 - 1), (one, bit) => {
        const block = encodeBoardBlock(one, chip);
        block[bit >> 3]! ^= 1 << (bit & 7);
        expect(outcome(() => decodeBoardBlock(block, chip))).toMatch(/^board-/);
      }),
    );
  });

  test('from any bytes at all are settings or a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 80 }), (bytes) => {
        const found = outcome(() => decodeBoardBlock(bytes, chip));
        expect(typeof found === 'string' ? found : 'settings').toMatch(/^board-|^settings$/);
      }),
    );
  });
});

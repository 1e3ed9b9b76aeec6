// The agent's machine code reads the settings of its board (spec/board.md): UART, pins, rates, entry
// pin, listen window. The host is wired to two pins of the virtual chip and hears nothing that other
// pins say. A block that is torn, another chip's or beyond the chip leaves what is built in: USART1 on
// PA9 and PA10, the button on PC13.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BoardSettings, boardIds, encodeBoardBlock, findBoard } from '@firmseal/boards';
import { type Bytes, crc32 } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { encodeFrame } from '@firmseal/link';
import { afterAll, describe, expect, test } from 'vitest';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import type { Weakening } from '../toolchain/defences.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { greetingApplication, greetingOf } from './greeting-application.ts';
import { type Line, NoAnswer } from './line.ts';
import { personalizeMachine } from './machine-line.ts';
import { makePackage } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-board-'));
afterAll(() => rmSync(folder, { recursive: true }));

const builtIn = { toChip: 'PA10', fromChip: 'PA9' };
const missing = 1200;
const damaged = 1202;
const fieldInvalid = 1203;
const chipWrong = 1204;

type Wire = typeof builtIn;

/**
 * The fault that the agent met in its board settings, or 0, as it says at these
 * pins; undefined: it is silent.
 */
function faultAt(line: Line, wire: Wire): unknown {
  line.chip.wire = wire;
  line.chip.receive(Uint8Array.of(0));
  try {
    return line.info().get(9);
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}

const comPort = ({ uart }: BoardSettings): Wire => ({ toChip: uart!.rx.pin, fromChip: uart!.tx.pin });

/** The same block with some bytes changed and its checksum right again. */
function changed(block: Bytes, bytes: Readonly<Record<number, number>>): Bytes {
  const other = block.slice();
  for (const [at, byte] of Object.entries(bytes)) other[Number(at)] = byte;
  new DataView(other.buffer).setUint32(60, crc32(other.subarray(0, 60)), true);
  return other;
}

const some = ['stm32f4discovery', 'nucleo-h743zi', 'nucleo-g0b1re', 'nucleo-l476rg'];
const boards = sampled(boardIds, some).map((id) => {
  const { chip, settings } = findBoard(id);
  return { id, chip, settings, block: encodeBoardBlock(settings, findChip(chip)) };
});

describe.skipIf(!canBuild).each(boards)('$id', ({ chip, settings, block }) => {
  const ownPins = comPort(settings);
  const isBuiltIn = ownPins.toChip === builtIn.toChip;

  test('answers on the UART of the board and on no other', () => {
    const line = quickMachineLine(chip, 'board', undefined, block);
    expect(faultAt(line, ownPins)).toBe(0);
    if (!isBuiltIn) expect(faultAt(line, builtIn)).toBeUndefined();
  });

  test('with a torn block, or none, answers on the built-in UART and says why', () => {
    const torn = block.slice();
    torn.fill(0xff, 32);
    for (const [settled, fault] of [[torn, damaged] as const, [undefined, missing] as const]) {
      const line = quickMachineLine(chip, 'board', undefined, settled);
      if (!isBuiltIn) expect(faultAt(line, ownPins)).toBeUndefined();
      expect(faultAt(line, builtIn)).toBe(fault);
    }
  });
});

const nucleo = boards.find(({ id }) => id === 'nucleo-g0b1re')!;
const g0 = nucleo.chip;
const plain = { ...nucleo.settings, listenWindowMs: 0 };
const blockOf = (settings: BoardSettings) => encodeBoardBlock(settings, findChip(g0));

/** Blocks that are whole, and that this agent must not follow. */
const refused = {
  'another chip': { block: changed(nucleo.block, { 8: 1 }), fault: chipWrong },
  'a port that the chip lacks': { block: changed(nucleo.block, { 22: 0x69 }), fault: fieldInvalid },
  'a UART that the agent does not drive': { block: changed(nucleo.block, { 20: 6 }), fault: fieldInvalid },
  'a rate beyond the clock': {
    block: blockOf({ ...plain, uart: { ...plain.uart!, baud: 5_000_000 } }),
    fault: fieldInvalid,
  },
  'a pull that does not exist': { block: changed(nucleo.block, { 33: 7 }), fault: fieldInvalid },
} as const;

test.skipIf(!canBuild).each(Object.entries(refused))(
  'a block of %s leaves the built-in settings',
  (_, one) => {
    const line = quickMachineLine(g0, 'board', undefined, one.block);
    expect(faultAt(line, builtIn)).toBe(one.fault);
  },
);

describe.skipIf(!canBuild)('rates', () => {
  const line = () => {
    const { uart } = plain;
    return quickMachineLine(
      g0,
      'rates',
      undefined,
      blockOf({ ...plain, uart: { ...uart!, baud: 57_600, fastBaud: 460_800 } }),
    );
  };

  test('the agent understands the rate of the settings', () => {
    const settled = line();
    settled.chip.hostBaud = 115_200;
    expect(faultAt(settled, comPort(plain))).toBeUndefined();
    settled.chip.hostBaud = 57_600;
    for (let tries = 0; tries < 4 && faultAt(settled, comPort(plain)) === undefined; ) tries++;
    expect(faultAt(settled, comPort(plain))).toBe(0);
  });

  test('a host at the fast rate is understood after some framing errors', () => {
    const settled = line();
    settled.chip.hostBaud = 460_800;
    settled.chip.wire = comPort(plain);
    settled.chip.receive(new Uint8Array(8));
    expect(faultAt(settled, comPort(plain))).toBe(0);
  });
});

/** A chip with the greeting application installed, its agent (whole, or weakened) by a board block. */
async function installed(block: Bytes, without: Weakening = {}): Promise<Line> {
  const build =
    Object.keys(without).length === 0 ? buildAgent(targetOf(g0)) : mutantBuild({ chip: g0, without });
  const line = quickMachineLine(g0, 'board', build, block);
  await personalizeMachine(line, 0);
  const slot = findChip(g0).layout.slots[0]!;
  const program = greetingApplication(g0, slot.linkStart, folder);
  const area = { kind: 'firmware', address: slot.storeStart, lengthBytes: program.length } as const;
  const core = { entry: slot.storeStart, chips: [g0], leastReadoutLevel: 0 as const };
  const sealed = await makePackage('stm32f427', { core, areas: [{ area, plaintext: program }] });
  await line.install(sealed);
  return line;
}

/** What the chip says after a reset, frames and text; `hostSends` arrives while it starts. */
function saidAfterReset({ chip }: Line, hostSends?: Uint8Array): { said: string; elapsedMs: number } {
  let said = '';
  chip.onLink = (bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  };
  chip.onEvent = ({ kind }) => {
    if (kind === 'started' && hostSends !== undefined) chip.receive(hostSends);
  };
  const before = chip.clock.nowUs;
  chip.reset();
  return { said, elapsedMs: (chip.clock.nowUs - before) / 1000 };
}

const info = Uint8Array.of(0, ...encodeFrame({ type: 0x01, sequence: 9, body: new Uint8Array(0) }));
const greets = (line: Line, hostSends?: Uint8Array) =>
  saidAfterReset(line, hostSends).said.includes(greetingOf(g0));

describe.skipIf(!canBuild)('the way in', () => {
  test('is the pin of the settings, at their level; others are not looked at', async () => {
    const entry = { pin: 'PB5', active: 'high', pull: 'down' } as const;
    const line = await installed(blockOf({ ...plain, entry }));
    expect(greets(line)).toBe(true);
    line.chip.drivePin('PC13', false);
    expect(greets(line)).toBe(true);
    line.chip.drivePin('PB5', true);
    expect(greets(line)).toBe(false);
    line.chip.drivePin('PB5', false);
    expect(greets(line)).toBe(true);
  });

  test('is no pin at all where the settings name none', async () => {
    const { entry: _, ...settings } = plain;
    const line = await installed(blockOf(settings));
    line.chip.drivePin('PC13', false);
    expect(greets(line)).toBe(true);
  });

  test('is the button where the block is torn', async () => {
    const torn = blockOf(plain);
    torn[40]! ^= 1;
    const line = await installed(torn);
    expect(greets(line)).toBe(true);
    line.chip.drivePin('PC13', false);
    expect(greets(line)).toBe(false);
  });

  test('is the listen window: a request in it keeps the agent, silence and noise boot after its time', async () => {
    const line = await installed(nucleo.block);
    const quiet = saidAfterReset(line);
    expect(quiet.said).toBe(greetingOf(g0));
    const without = saidAfterReset(await installed(blockOf(plain)));
    expect(without.said).toBe(greetingOf(g0));
    const windowMs = quiet.elapsedMs - without.elapsedMs;
    expect(windowMs).toBeGreaterThan(nucleo.settings.listenWindowMs - 2);
    expect(windowMs).toBeLessThan(nucleo.settings.listenWindowMs + 2);
    expect(greets(line, Uint8Array.of(0, 5, 0, 77, 0))).toBe(true);
    const asked = saidAfterReset(line, info);
    expect(asked.said).not.toContain(greetingOf(g0));
    expect(asked.said.charCodeAt(1)).toBe(0x81);
    line.chip.onEvent = () => {};
    expect(greets(line)).toBe(true); // and the next reset boots again
  });
});

describe.skipIf(!canBuild)('boots that no application confirmed', () => {
  const settled = blockOf({ ...plain, unconfirmedBoots: 1 });

  test('open the link although the settings have no window; an agent that does not count them boots', async () => {
    expect(greets(await installed(settled), info)).toBe(false);
    const blind = await installed(settled, { 'listen-after-unconfirmed-boots': '' });
    expect(greets(blind, info)).toBe(true);
  });
});

describe.skipIf(!canBuild)('without a defence', () => {
  const weak = (name: string, instead: string) => mutantBuild({ chip: g0, without: { [name]: instead } });
  const faultOf = (build: { readonly elf: string }, block: Bytes) =>
    faultAt(quickMachineLine(g0, 'board', build, block), builtIn);

  test('the checksum: a block that changed on its way is followed', () => {
    const other = nucleo.block.slice();
    other[24]! ^= 1;
    expect(faultOf(buildAgent(targetOf(g0)), other)).toBe(damaged);
    expect(faultOf(weak('board-checksum', ''), other)).toBeUndefined();
  });

  test('the chip: the block of another one is followed', () => {
    expect(faultOf(weak('board-of-this-chip', ''), refused['another chip'].block)).toBeUndefined();
  });

  test('the ports: the agent uses registers that do not exist', () => {
    const { block } = refused['a port that the chip lacks'];
    expect(faultOf(weak('board-ports', '(void)has_ports;'), block)).toBeUndefined();
  });

  test('the fallback: with a torn block a pin that nobody chose calls the agent, and nothing boots', async () => {
    const torn = blockOf(plain);
    torn[40]! ^= 1;
    const line = await installed(torn, { 'board-fallback': '(void)fs_board_read(settings);' });
    expect(greets(line)).toBe(false);
  });

  test('that who was asked does not boot: the application starts after a request in the window', async () => {
    const line = await installed(nucleo.block, { 'asked-is-not-booted': '' });
    expect(greets(line, info)).toBe(true);
  });
});

// Trial, confirmation and revert with everything in machine code: the agent as it ships, and applications
// that greet with a letter and then confirm themselves in the backup register, stand still, or hang until the
// watchdog that the agent started resets the chip. The cryptography is computed by the host.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { afterAll, describe, expect, it } from 'vitest';
import type { Line } from '../../device/agent/test/line.ts';
import { personalizeMachine } from '../../device/agent/test/machine-line.ts';
import { twoPlaces } from '../../device/agent/test/trial-application.ts';
import { makePackage, pattern, type TestPackage } from '../../device/agent/test/trusted-site.ts';
import { sampled } from '../../tools/test-report/sample.ts';
import { hasTool, runTool } from '../../tools/toolchain.ts';
import { enterAgent, quickMachineLine } from './bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-trial-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Manner = 'confirms' | 'stands still' | 'hangs';

interface Board {
  /** USART1: base, offsets of its control and transmit registers, value that turns its transmitter on. */
  readonly usart: readonly [base: number, control: number, send: number, on: number];
  /** Bits of a clock register that backup registers need. */
  readonly clock?: readonly [address: number, bits: number];
  /** Register and bit that open them. */
  readonly open: readonly [address: number, bits: number];
  readonly backup: number;
  readonly watchdog: number;
}

const f4: Board = {
  ...{ usart: [0x4001_1000, 0x0c, 0x04, 0x2008], clock: [0x4002_3840, 1 << 28] },
  ...{ open: [0x4000_7000, 1 << 8], backup: 0x4000_2850, watchdog: 0x4000_3000 },
};

const boards: Record<string, Board> = {
  stm32f427: f4,
  stm32f405: f4,
  stm32h743: {
    ...{ usart: [0x4001_1000, 0, 0x28, 9] },
    ...{ open: [0x5802_4800, 1 << 8], backup: 0x5800_4050, watchdog: 0x5800_4800 },
  },
  stm32l476: {
    ...{ usart: [0x4001_3800, 0, 0x28, 9], clock: [0x4002_1058, 1 << 28] },
    ...{ open: [0x4000_7000, 1 << 8], backup: 0x4000_2850, watchdog: 0x4000_3000 },
  },
  stm32g0b1: {
    ...{ usart: [0x4001_3800, 0, 0x28, 9], clock: [0x4002_103c, (1 << 28) | (1 << 10)] },
    ...{ open: [0x4000_7000, 1 << 8], backup: 0x4000_b100, watchdog: 0x4000_3000 },
  },
};

const setBits = ([address, bits]: readonly [number, number]) =>
  `ldr r0, =${address}\n ldr r1, [r0]\n ldr r2, =${bits}\n orrs r1, r2\n str r1, [r0]\n`;

function afterGreeting(board: Board, manner: Manner): string {
  if (manner === 'stands still') return '1: b 1b\n';
  if (manner === 'confirms')
    return `${board.clock ? setBits(board.clock) : ''}${setBits(board.open)}
 ldr r0, =${board.backup}\n ldr r1, =0x66734301\n str r1, [r0]\n 1: b 1b\n`;
  // It only shortens the time of the watchdog: a watchdog that nobody started goes on doing nothing.
  return ` ldr r0, =${board.watchdog}\n ldr r1, =0x5555\n str r1, [r0]\n movs r1, #0\n str r1, [r0, #4]
 movs r1, #100\n str r1, [r0, #8]\n ldr r1, =0xAAAA\n str r1, [r0]\n 1: adds r2, #1\n b 1b\n`;
}

/** 1024 bytes, linked for the address: greets with the letter. */
function application(chipId: string, address: number, letter: string, manner: Manner): Bytes {
  const board = boards[chipId]!;
  const [base, control, send, on] = board.usart;
  const name = join(folder, `${chipId}-${letter}-${manner.replace(' ', '-')}`);
  writeFileSync(
    `${name}.S`,
    `.syntax unified\n.cpu cortex-m0plus\n.thumb\n.word 0x20001000, start + 1\n.fill 46, 4, 0\nstart:
 ldr r0, =${base}\n ldr r1, =${on}\n str r1, [r0, #${control}]
 movs r1, #${letter.charCodeAt(0)}\n str r1, [r0, #${send}]\n${afterGreeting(board, manner)}\n.pool\n`,
  );
  runTool(
    'arm-none-eabi-gcc',
    [
      ...['-mcpu=cortex-m0plus', '-mthumb', '-nostdlib', '-Wl,-n', '-Wl,-e,0'],
      ...[`-Wl,-Ttext=0x${address.toString(16)}`, `${name}.S`, '-o', `${name}.elf`],
    ],
    folder,
  );
  const whole = pattern(1024, 9);
  whole.set(readImage(readFileSync(`${name}.elf`)).segments[0]!.bytes);
  return whole;
}

function packageOf(
  chipId: string,
  address: number,
  letter: string,
  change: { manner: Manner; securityCounter: number; interruption: 'resume' | 'trial' },
): Promise<TestPackage> {
  const { manner, ...core } = change;
  const area = { kind: 'firmware', address, lengthBytes: 1024 } as const;
  const plaintext = application(chipId, address, letter, manner);
  return makePackage(chipId, {
    core: { entry: address, chips: [chipId], ...core },
    areas: [{ area, plaintext }],
  });
}

/** What applications say from here on. */
function listen(line: Line): () => string {
  let said = '';
  const { onLink } = line.chip;
  line.chip.onLink = (bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  };
  return () => {
    line.chip.onLink = onLink;
    return said;
  };
}

/** The letters of the applications that start by themselves after a reset. */
function lettersAfterReset(line: Line, resets = 1): string {
  const heard = listen(line);
  for (let i = 0; i < resets; i++) line.chip.reset();
  return heard();
}

async function withTrial(chipId: string, manner: Manner): Promise<Line> {
  const line = quickMachineLine(chipId);
  await personalizeMachine(line, 2);
  const [first, second] = twoPlaces(findChip(chipId));
  const interruption = 'trial';
  await line.install(
    await packageOf(chipId, first, 'A', { manner: 'stands still', securityCounter: 5, interruption }),
  );
  expect(lettersAfterReset(line)).toBe('A');
  enterAgent(line);
  const next = await packageOf(chipId, second, 'B', { manner, securityCounter: 8, interruption });
  expect(await line.install(next)).toMatchObject({ result: 'on-trial', securityCounter: 5 });
  return line;
}

const ids = sampled(Object.keys(boards), ['stm32l476', 'stm32h743', 'stm32g0b1']);

describe.skipIf(!hasTool('arm-none-eabi-gcc')).each(ids)('%s in machine code', (chipId) => {
  it('keeps an application that confirms itself, and raises the counter then', async () => {
    const line = await withTrial(chipId, 'confirms');
    expect(lettersAfterReset(line, 3)).toBe('BBB');
    enterAgent(line);
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 8 });
  });

  if (!sampled(ids, ['stm32l476']).includes(chipId)) return;

  it('goes back from one that does not', async () => {
    const line = await withTrial(chipId, 'stands still');
    expect(lettersAfterReset(line, 3)).toBe('BAA');
    enterAgent(line);
    expect(line.hello()).toMatchObject({ lifeCycle: 'reverted', securityCounter: 5 });
  });

  it('goes back from one that hangs: the watchdog runs, and resets the chip', async () => {
    const line = await withTrial(chipId, 'hangs');
    const causes: string[] = [];
    line.chip.onEvent = (event) => event.kind === 'started' && causes.push(event.cause);
    expect(lettersAfterReset(line)).toBe('BA');
    expect(causes).toEqual(['pin', 'watchdog']);
  });
});

// A supply that sags, with the machine code that ships: the agent looks at it before it begins an install,
// and before each erase. It says so, the application that stands goes on, and the same command works when the
// supply is back. Without the look an install ends half done, and the application is gone.

import { encodeBoardBlock, findBoard } from '@firmseal/boards';
import type { Bytes } from '@firmseal/bytes';
import { brownOutOptions, type Chip, changedOptions, findChip } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { enterAgent, quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { portedChips, targetOf } from '../toolchain/targets.ts';
import { type AgentBuild, buildAgent } from '../toolchain/thumb.ts';
import type { Line } from './line.ts';
import { personalizeMachine } from './machine-line.ts';
import { makePackage, pattern, type TestPackage } from './trusted-site.ts';

/** ST's boards: 3.0 V and more. */
const boards: Readonly<Record<string, string>> = {
  ...{ stm32f427: 'nucleo-f429zi', stm32h743: 'nucleo-h743zi', stm32g0b1: 'nucleo-g0b1re' },
  ...{ stm32u575: 'nucleo-u575zi-q', stm32l476: 'nucleo-l476rg', stm32f405: 'stm32f4discovery' },
  ...{ stm32f427xg: 'nucleo-f429zi', stm32f446: 'nucleo-f446re', stm32f411: 'nucleo-f411re' },
};

const canBuild = hasTool('arm-none-eabi-gcc');

/** Below every level that a board of 3.0 V lets the agent look for, and above the power-on reset. */
const lowMillivolts = 2300;
const soundMillivolts = 3300;

/** Stands where it is entered. */
function application({ layout }: Chip, seed: number): Bytes {
  const image = pattern(4096, seed);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x2000_1000, true);
  view.setUint32(4, layout.slots[0]!.linkStart + 0x401, true);
  view.setUint16(0x400, 0xe7fe, true);
  return image;
}

function packageFor(chip: Chip, seed: number) {
  const { storeStart } = chip.layout.slots[0]!;
  const plaintext = application(chip, seed);
  const area = { kind: 'firmware', address: storeStart, lengthBytes: plaintext.length } as const;
  const core = { entry: storeStart, securityCounter: seed, interruption: 'erase', optionBytes: [] } as const;
  return makePackage(chip.id, { core, areas: [{ area, plaintext }] });
}

const blockOf = (chipId: string) => encodeBoardBlock(findBoard(boards[chipId]!).settings, findChip(chipId));

/** Personalized, with an application; waits in its agent. */
async function withApplication(chipId: string, build: AgentBuild, block?: Bytes): Promise<Line> {
  const line = quickMachineLine(chipId, 'supply', build, block);
  await personalizeMachine(line, 0);
  await line.install(await packageFor(findChip(chipId), 5));
  enterAgent(line);
  return line;
}

const standsInApplication = ({ chip }: Line) => {
  const { PC } = chip.machine.processor.core;
  const { linkStart } = chip.chip.layout.slots[0]!;
  return PC >= linkStart && PC < linkStart + 4096;
};

function boots(line: Line): boolean {
  line.chip.setPin('agent-request', false);
  line.chip.reset();
  return standsInApplication(line);
}

/** What the agent says to a package's header. */
const offer = (line: Line, sealed: TestPackage) => line.try(0x20, sealed.headerBytes).status;

/** Erases that begin from here on. */
function countErases({ chip }: Line): () => number {
  let erases = 0;
  chip.power.onOperation = ({ kind }) => {
    if (kind === 'erase') erases++;
  };
  return () => erases;
}

describe.skipIf(!canBuild).each(sampled(portedChips(), ['stm32l476']))('%s with a low supply', (chipId) => {
  test('refuses an install before it erases anything, and takes it when the supply is back', async () => {
    const build = buildAgent(targetOf(chipId));
    const line = await withApplication(chipId, build, blockOf(chipId));
    const sealed = await packageFor(findChip(chipId), 6);
    const license = await line.licenseFor(sealed);
    const erases = countErases(line);
    line.chip.power.rail.hold(lowMillivolts);
    expect(offer(line, sealed)).toBe('supply-too-low');
    expect(erases()).toBe(0);
    line.chip.power.rail.hold(soundMillivolts);
    line.package(sealed);
    expect(line.license(license)).toBe(0);
    line.records(sealed);
    expect(line.receipt(license, sealed.manifest).result).toBe('installed');
    expect(erases()).toBeGreaterThan(0);
    expect(boots(line)).toBe(true);
  });
});

test.skipIf(!canBuild)('stm32f427: an application stands through installs that were refused', async () => {
  const line = await withApplication('stm32f427', buildAgent(targetOf('stm32f427')));
  line.chip.power.rail.hold(lowMillivolts);
  expect(offer(line, await packageFor(findChip('stm32f427'), 6))).toBe('supply-too-low');
  expect(boots(line)).toBe(true);
});

test.skipIf(!canBuild)('stm32f427: a supply that sags later is met before each erase', async () => {
  const line = await withApplication('stm32f427', buildAgent(targetOf('stm32f427')));
  const sealed = await packageFor(findChip('stm32f427'), 6);
  const license = await line.licenseFor(sealed);
  line.package(sealed);
  expect(line.license(license)).toBe(0);
  const erases = countErases(line);
  line.chip.power.rail.hold(lowMillivolts);
  expect(line.tryRecord(0, sealed.records[0]!).status).toBe('supply-too-low');
  expect(line.tryRecord(0, sealed.records[0]!).status).toBe('supply-too-low');
  expect(erases()).toBe(0);
  line.chip.power.rail.hold(soundMillivolts);
  line.records(sealed);
  expect(line.receipt(license, sealed.manifest).result).toBe('installed');
  expect(boots(line)).toBe(true);
});

test.skipIf(!canBuild)(
  'stm32f427: without the look, an install ends half done and its application is gone',
  async () => {
    const without = { 'supply-before-install': '', 'supply-before-erase': '' };
    const line = await withApplication('stm32f427', mutantBuild({ chip: 'stm32f427', without }));
    const sealed = await packageFor(findChip('stm32f427'), 6);
    line.chip.power.rail.hold(lowMillivolts);
    await expect(line.install(sealed)).rejects.toThrow();
    expect(boots(line)).toBe(false);
  },
);

test.skipIf(!canBuild)(
  'stm32f427: below its brown-out level the chip is off, and starts when the supply is back',
  async () => {
    const chip = findChip('stm32f427');
    const line = await withApplication(chip.id, buildAgent(targetOf(chip.id)));
    const { debug, power, judge } = line.chip;
    debug.connect();
    expect(debug.writeOptionBytes(changedOptions(judge.optionsStored, brownOutOptions(chip, 3000)))).toBe(
      'ok',
    );
    line.chip.powerOff();
    line.chip.powerOn();
    power.rail.hold(2500);
    expect(line.chip.receive(Uint8Array.of(0))).toBeUndefined();
    expect(line.chip.powered).toBe(false);
    line.chip.powerOn();
    expect(line.chip.powered).toBe(false);
    power.rail.hold(soundMillivolts);
    line.chip.powerOn();
    enterAgent(line);
    expect(line.info().get(1)).toBe(chip.id);
  },
);

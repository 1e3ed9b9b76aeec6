// A watchdog that hardware starts at each reset bites after 512 ms as the chip leaves the factory. The
// agent's machine code gives it its longest time before anything else, and feeds it: an install with its
// erases, a large image's check at boot and the signatures end without a reset that nobody asked for. The
// host computes the cryptography of the install, which takes no simulated time; that of the boot is executed.

import type { Bytes } from '@firmseal/bytes';
import {
  type Chip,
  fieldMask,
  findChip,
  independentWatchdogField,
  windowWatchdogField,
  withOptionField,
} from '@firmseal/chips';
import { policyRequirements } from '@firmseal/seal';
import { describe, expect, test } from 'vitest';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { computeCryptoHere, enterAgent } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { portedChips, targetOf } from '../toolchain/targets.ts';
import { type AgentBuild, buildAgent } from '../toolchain/thumb.ts';
import { type Line, NoAnswer } from './line.ts';
import { machineInSocket, machineLine, personalizeMachine } from './machine-line.ts';
import { makePackage, pattern } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

/** `b .` */
const standStill = 0xe7fe;

/** Stands where it is entered; its first bytes differ by the seed. */
function application({ layout }: Chip, lengthBytes: number, seed: number): Bytes {
  const image = pattern(lengthBytes, seed);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x2000_1000, true);
  view.setUint32(4, layout.slots[0]!.linkStart + 0x101, true);
  view.setUint16(0x100, standStill, true);
  return image;
}

/** All of the slot, or little: an erase of one large sector takes longer than the watchdog gives. */
const imageBytes = ({ layout }: Chip): number => sampled(layout.slots[0]!.length, 8 << 10);

interface Watched {
  readonly line: Line;
  /** Resets by a watchdog since the chip was personalized. */
  readonly bites: () => number;
  /** Resets the chip, its cryptography executed from now on; whether the application has it afterwards. */
  readonly boots: () => boolean;
}

/** A personalized chip at level 0. */
async function personalized(chipId: string, build: AgentBuild, anchorElf?: string): Promise<Watched> {
  const executables = { elf: build.elf, ...(anchorElf ? { anchorElf } : {}) };
  const line = machineInSocket(chipId, 'watchdog', executables);
  const { core } = line.chip.machine.processor;
  const execute = core.executeInstruction;
  computeCryptoHere(line.chip, executables);
  line.chip.powerOn();
  await personalizeMachine(line, 0);
  let count = 0;
  line.chip.onEvent = (event) => {
    if (event.kind === 'started' && event.cause === 'watchdog') count++;
  };
  const boots = () => {
    core.executeInstruction = execute;
    line.chip.reset();
    const at = core.PC - line.chip.chip.layout.slots[0]!.linkStart;
    return at >= 0 && at < imageBytes(line.chip.chip);
  };
  return { line, bites: () => count, boots };
}

/** A package whose policy lets hardware start the watchdog. */
function packageFor(chip: Chip, seed: number, securityCounter: number) {
  const { storeStart } = chip.layout.slots[0]!;
  const field = independentWatchdogField(chip)!;
  const plaintext = application(chip, imageBytes(chip), seed);
  const area = { kind: 'firmware', address: storeStart, lengthBytes: plaintext.length } as const;
  return makePackage(chip.id, {
    core: {
      ...{ entry: storeStart, securityCounter, interruption: 'erase', bootCheck: 'digest' },
      optionBytes: [{ register: field.register, mask: fieldMask(field), value: 0 }],
    },
    areas: [{ area, plaintext }],
  });
}

/** Two installs, the second cut after its first record and begun again. */
async function installTwice(chip: Chip, line: Line): Promise<void> {
  await line.install(await packageFor(chip, 1, 5));
  const sealed = await packageFor(chip, 2, 6);
  enterAgent(line);
  const license = await line.licenseFor(sealed);
  line.package(sealed);
  line.license(license);
  line.record(0, sealed.records[0]!);
  line.chip.powerOff();
  line.chip.powerOn();
  await line.install(sealed);
}

describe.skipIf(!canBuild).each(sampled(portedChips(), ['stm32l476', 'stm32g0b1']))(
  '%s with a watchdog that hardware starts',
  (chipId) => {
    test('is installed, is installed again after a cut, and boots; the watchdog resets it at no point', async () => {
      const { line, bites, boots } = await personalized(chipId, buildAgent(targetOf(chipId)));
      await installTwice(findChip(chipId), line);
      expect(boots()).toBe(true);
      expect(bites()).toBe(0);
    });
  },
);

test.skipIf(!canBuild)('without the defence, the erase after a cut never ends', async () => {
  const without = { 'watchdog-met': '' };
  const anchor = mutantBuild({ chip: 'stm32f427', without, isAnchor: true });
  const weak = mutantBuild({ chip: 'stm32f427', without });
  const { line, bites } = await personalized('stm32f427', weak, anchor.elf);
  await expect(installTwice(findChip('stm32f427'), line)).rejects.toThrow();
  expect(bites()).toBeGreaterThan(0);
});

test.skipIf(!canBuild)(
  'a window watchdog that hardware starts never lets the agent answer; no policy can ask for it',
  () => {
    const line = machineLine('stm32g0b1', 'window watchdog');
    const chip = line.chip.chip;
    const { name } = windowWatchdogField(chip)!;
    line.chip.debug.connect();
    const values = withOptionField(chip, line.chip.judge.optionsStored, { name, value: 0 });
    expect(line.chip.debug.writeOptionBytes(values)).toBe('ok');
    let bites = 0;
    line.chip.onEvent = (event) => {
      if (event.kind === 'started' && event.cause === 'watchdog') bites++;
    };
    line.chip.powerOff();
    expect(() => line.chip.powerOn()).toThrow(/reset itself/);
    expect(() => line.hello()).toThrow(NoAnswer);
    expect(bites).toBeGreaterThan(0);
    expect(() => policyRequirements(chip, { [name]: 0 })).toThrow(/WWDG_SW/);
  },
);

// Makes the parts of one chip and wires them: which part asks which. No life here, that is chip.ts.

import { brownOutMillivolts, type Chip } from '@firmseal/chips';
import type { SimulatedClock } from '../silicon/clock.ts';
import { FlashMemory } from '../silicon/flash-memory.ts';
import { FlashTiming, type TimingModel } from '../silicon/flash-timing.ts';
import type { LowMemory } from '../silicon/low-memory.ts';
import type { MemoryParts } from '../silicon/memory-access.ts';
import type { OperationTime } from '../silicon/operations-under-way.ts';
import { OptionBytes } from '../silicon/option-bytes.ts';
import { OtpMemory } from '../silicon/otp-memory.ts';
import { PowerSupply } from '../silicon/power-supply.ts';
import { SeededRandom } from '../silicon/random.ts';
import { SupplyRail } from '../silicon/supply-rail.ts';
import { WorkingMemory } from '../silicon/working-memory.ts';

export interface AssemblyOptions {
  readonly chip: Chip;
  readonly seed: string;
  readonly clock: SimulatedClock;
  readonly timing: TimingModel;
  readonly uid: Uint8Array | undefined;
  readonly debuggerSeen: () => boolean;
  readonly banksSwapped: () => boolean;
  readonly lowMemory: () => LowMemory;
  /** The clock with the cycles of a core that runs. */
  readonly time: OperationTime;
  /** A regression erased flash and RAM: what else it erases is up to the listener. */
  readonly regressed: () => void;
}

export interface ChipParts {
  readonly power: PowerSupply;
  readonly memory: MemoryParts;
  readonly randomGenerator: SeededRandom;
  /** Every stream of chance, by name. */
  readonly streams: ReadonlyMap<string, SeededRandom>;
}

/** Each part that needs chance has a stream of its own, so that one more draw here changes nothing there. */
export function assembleParts(options: AssemblyOptions): ChipParts {
  const { chip, seed, clock, banksSwapped, lowMemory, debuggerSeen } = options;
  const streams = new Map<string, SeededRandom>();
  const stream = (name: string) => {
    const made = new SeededRandom(`${seed}/${name}`);
    streams.set(name, made);
    return made;
  };
  const rail = new SupplyRail({
    nowUs: () => options.time.nowUs(),
    // Before the option bytes were loaded there is the power-on reset alone, and nothing runs.
    resetMillivolts: () => brownOutMillivolts(chip, optionBytes.loaded),
    flashMillivolts: chip.supply.leastMillivolts,
  });
  const power = new PowerSupply(rail);
  const timing = new FlashTiming({ chip, clock, model: options.timing, random: stream('timing') });
  const random = stream('tearing');
  const ram = new WorkingMemory(chip, seed);
  const optionBytes: OptionBytes = new OptionBytes({
    ...{ chip, power, timing, random },
    begin: (operation) => flash.underWay.begin(operation),
    regress: (stays) => {
      flash.eraseAllExcept(stays);
      ram.eraseByRegression();
      options.regressed();
    },
  });
  const { isWriteProtected } = optionBytes;
  const { time } = options;
  const flash = new FlashMemory({ chip, power, timing, random, isWriteProtected, time, rail });
  return {
    power,
    streams,
    randomGenerator: stream('random-generator'),
    memory: {
      ...{ chip, flash, ram, options: optionBytes, banksSwapped, lowMemory },
      otp:
        chip.otp &&
        new OtpMemory({
          ...{ ...chip.otp, power, random, once: chip.write.overwrite === 'refused' },
          spendProgram: () => timing.spend(timing.programUs(flash.parallelism)),
        }),
      uid: new Uint8Array(options.uid ?? stream('uid').bytes(chip.identity.uniqueIdLength)),
      protection: () => ({
        ...{ level: optionBytes.access, debuggerSeen: debuggerSeen() },
        optionsOpen: optionBytes.level < 2,
      }),
    },
  };
}

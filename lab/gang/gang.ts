// Many chips in one process, all in the middle of an install at one instant: every agent has accepted its
// license and some records before any of them gets the next one. Used by a test and by the benchmark.

import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import type { FirmwareImage } from '@firmseal/image';
import { type Clock, systemClock } from '@firmseal/link';
import type { InstallResult } from '@firmseal/programmer';
import {
  createOwner,
  defaultConditions,
  installOnChips,
  type LineChip,
  personalizeVirtualChip,
} from '@firmseal/virtual-line';

export interface GangOutcome {
  readonly chips: number;
  /** Chips that were in INSTALLING when the last of them got there: counted before any went on. */
  readonly installingAtOnce: number;
  readonly passed: number;
  readonly receiptsVerified: number;
  readonly firmwareBytes: number;
  /** Wall time of the installs alone. */
  readonly wallMs: number;
  /** CPU time of this process for the installs alone. */
  readonly cpuMs: number;
}

/** Messages of the engine ahead of the third record: info twice, hello, package, license, two records. */
const messagesToBarrier = 7;

/**
 * Chips wait for each other here, by design longer than a line would: nobody's
 * patience may run out meanwhile.
 */
const patientClock: Clock = {
  nowMs: systemClock.nowMs,
  after: (delayMs, action) => systemClock.after(delayMs * 100, action),
};

/** Opens when the given number of parties wait at it. */
class Barrier {
  readonly #parties: number;
  readonly #opened: Promise<void>;
  readonly #waiting = new Set<unknown>();
  #open!: () => void;

  constructor(parties: number) {
    this.#parties = parties;
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  arrive(party: unknown): Promise<void> {
    this.#waiting.add(party);
    if (this.#waiting.size === this.#parties) this.#open();
    return this.#opened;
  }
}

/** `sizeBytes` of firmware on `count` chips at once. */
export async function runGangAtOnce(options: {
  readonly count: number;
  readonly sizeBytes: number;
  readonly agentModule: Uint8Array;
}): Promise<GangOutcome> {
  const { count, sizeBytes, agentModule } = options;
  const content = Uint8Array.from({ length: sizeBytes }, (_, i) => (i * i * 31 + i * 7) & 0xff);
  const bytes = withVectorTable(findChip('stm32f427'), 0x0800_0000, content);
  const image: FirmwareImage = { format: 'bin', segments: [{ address: 0x0800_0000, bytes }], notes: [] };
  const owner = await createOwner(image, 'stm32f427', defaultConditions);
  try {
    const chips: LineChip[] = [];
    for (let index = 0; index < count; index++) {
      chips.push(await personalizeVirtualChip(owner, defaultConditions, { index, level: 2, agentModule }));
    }
    const sealed = await owner.seal(2);
    const job = await owner.openJob(sealed, count);
    const barrier = new Barrier(count);
    const verified = new Set<string>();
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const results: InstallResult[] = await installOnChips({
      owner,
      conditions: defaultConditions,
      sealed,
      job,
      chips,
      clock: patientClock,
      hold: (message, chip) => (message === messagesToBarrier ? barrier.arrive(chip) : undefined),
      onEvent: (event) => {
        if (event.kind === 'receipt' && event.fresh && event.outcome === 'PASS') verified.add(event.socket);
      },
    });
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      chips: count,
      installingAtOnce: barrier.waiting,
      passed: results.filter(({ outcome }) => outcome === 'pass').length,
      receiptsVerified: verified.size,
      firmwareBytes: sizeBytes,
      wallMs,
      cpuMs: (user + system) / 1000,
    };
  } finally {
    await owner.end();
  }
}

// How many identities that nobody witnessed a device CA has certified: a file beside its key. A cap of its
// own bounds what somebody gets who emulates chips.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import { CountedLines } from './counted-lines.ts';

/** Thumbprint, chip, time. */
const form = /^[0-9a-f]{64} [a-z0-9]{1,32} \d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/;

export class UnwitnessedCount {
  readonly #file: string;
  readonly #cap: number;
  readonly #issued: CountedLines;

  private constructor(file: string, cap: number, issued: CountedLines) {
    this.#file = file;
    this.#cap = cap;
    this.#issued = issued;
  }

  /**
   * Holds the count until `close`. Throws `unwitnessed-cap-reached` when the cap is used up, `state-in-use`,
   * `unwitnessed-count-damaged`.
   */
  static async open(deviceCaFile: string, cap: number): Promise<UnwitnessedCount> {
    const file = `${deviceCaFile}.unwitnessed`;
    const damaged = (line: number) => new Fault('unwitnessed-count-damaged', { file, line });
    const count = new UnwitnessedCount(file, cap, await CountedLines.open({ file, form, damaged }));
    try {
      count.#refuseBeyondCap();
    } catch (error) {
      await count.close();
      throw error;
    }
    return count;
  }

  #refuseBeyondCap(): void {
    const [file, cap, issued] = [this.#file, this.#cap, this.#issued.lines.length];
    if (issued >= cap) throw new Fault('unwitnessed-cap-reached', { issued, cap, file });
  }

  /** Before the identity is certified. Throws `unwitnessed-cap-reached` and the faults of files. */
  add({ thumbprint, chipId }: DevicePublic): void {
    this.#refuseBeyondCap();
    this.#issued.add(`${toHex(thumbprint)} ${chipId} ${new Date().toISOString()}`);
  }

  close(): Promise<void> {
    return this.#issued.close();
  }
}

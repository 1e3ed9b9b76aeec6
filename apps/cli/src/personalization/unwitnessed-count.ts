// How many identities that nobody witnessed a device CA has certified: a file beside its key,
// a line for each, written before the certificate is made. A cap of its own bounds what
// somebody gets who emulates chips.

import { appendFileSync, existsSync } from 'node:fs';
import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { faultOfFile, holdFile } from '@firmseal/files';
import type { DevicePublic } from '@firmseal/formats';
import { readText } from '../files.ts';

/** Thumbprint, chip, time. */
const lineForm = /^[0-9a-f]{64} [a-z0-9]{1,32} \d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/;

/** Where the count of a device CA stands. */
const unwitnessedCountFile = (deviceCaFile: string): string => `${deviceCaFile}.unwitnessed`;

/** Throws `unwitnessed-count-damaged` and the faults of files. */
function countIn(file: string): number {
  if (!existsSync(file)) return 0;
  const text = readText(file);
  const lines = text === '' ? [] : text.split('\n');
  const wrong = lines.findIndex((line) => !lineForm.test(line));
  if (wrong !== -1) throw new Fault('unwitnessed-count-damaged', { file, line: wrong + 1 });
  return lines.length;
}

export class UnwitnessedCount {
  readonly #file: string;
  readonly #cap: number;
  readonly #release: () => Promise<void>;
  #issued: number;

  private constructor(file: string, cap: number, issued: number, release: () => Promise<void>) {
    this.#file = file;
    this.#cap = cap;
    this.#issued = issued;
    this.#release = release;
  }

  /**
   * Holds the count until `close`. Throws `unwitnessed-cap-reached` where none is left, `state-in-use`,
   * `unwitnessed-count-damaged`.
   */
  static async open(deviceCaFile: string, cap: number): Promise<UnwitnessedCount> {
    const file = unwitnessedCountFile(deviceCaFile);
    const lock = await holdFile(file);
    if (!lock.held) throw new Fault('state-in-use', { file, process: lock.process });
    const release = () => lock.release();
    try {
      const count = new UnwitnessedCount(file, cap, countIn(file), release);
      count.#refuseBeyondCap();
      return count;
    } catch (error) {
      await release();
      throw error;
    }
  }

  #refuseBeyondCap(): void {
    const [file, cap, issued] = [this.#file, this.#cap, this.#issued];
    if (issued >= cap) throw new Fault('unwitnessed-cap-reached', { issued, cap, file });
  }

  /** Before the identity is certified. Throws `unwitnessed-cap-reached` and the faults of files. */
  add({ thumbprint, chipId }: DevicePublic): void {
    this.#refuseBeyondCap();
    const line = `${toHex(thumbprint)} ${chipId} ${new Date().toISOString()}\n`;
    try {
      appendFileSync(this.#file, line, { flush: true });
    } catch (error) {
      throw faultOfFile(error, this.#file, 'written');
    }
    this.#issued++;
  }

  close(): Promise<void> {
    return this.#release();
  }
}

// Lines that ask an authority over HTTP: as many as can be at once, or at a rate that is given, where a late
// answer makes no later request late.

import { Owner, type TestChip } from '@firmseal/authority/testing';
import { AuthorityClient, accessForJob, type LineAccess } from '@firmseal/authority-client';
import { fromHex, Secret, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { answerOf, atOnce, makeChips } from './bench-job.ts';
import type { ServedJob } from './http-process.ts';

export class HttpLoad {
  readonly #line: LineAccess;
  readonly #owner: Owner;

  constructor({ url, token, job, deviceCa }: ServedJob) {
    const settings = { token: new Secret(utf8(token)), clock: systemClock, attempts: 1 };
    this.#line = accessForJob(new AuthorityClient({ address: url, ...settings }), fromHex(job));
    this.#owner = Object.assign(new Owner(), { deviceCa });
  }

  chips(count: number): Promise<TestChip[]> {
    return makeChips(this.#owner, count);
  }

  /** Challenge and license of one chip; how long the license took, in ms. */
  async license(chip: TestChip): Promise<number> {
    const answer = await answerOf(chip, await this.#line.giveChallenge('hello'));
    const startMs = performance.now();
    const { newUnit } = await this.#line.issueLicense(answer);
    if (!newUnit) throw new Error('a license without a unit of its own');
    return performance.now() - startMs;
  }

  /** Licenses a second with so many lines. */
  async rate(chips: readonly TestChip[], lines: number): Promise<number> {
    const startMs = performance.now();
    await atOnce(chips, lines, (chip) => this.license(chip));
    return (chips.length * 1000) / (performance.now() - startMs);
  }

  /** Times in ms at an even rate. */
  async times(chips: readonly TestChip[], perSecond: number): Promise<number[]> {
    const startMs = performance.now();
    return Promise.all(
      chips.map(async (chip, i) => {
        const waitMs = startMs + (i * 1000) / perSecond - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        return this.license(chip);
      }),
    );
  }
}

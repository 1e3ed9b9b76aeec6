// Lines that ask an authority over HTTP: as many as can be at once, or at a rate that is given, where a late
// answer makes no later request late.

import { Owner, type TestChip } from '@firmseal/authority/testing';
import { fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { answerOf, atOnce, makeChips } from './bench-job.ts';
import type { ServedJob } from './http-process.ts';

export class HttpLoad {
  readonly #served: ServedJob;
  readonly #owner: Owner;

  constructor(served: ServedJob) {
    this.#served = served;
    this.#owner = Object.assign(new Owner(), { deviceCa: served.deviceCa });
  }

  chips(count: number): Promise<TestChip[]> {
    return makeChips(this.#owner, count);
  }

  async #post(call: string, body: unknown): Promise<Record<string, unknown>> {
    const { url, job, token } = this.#served;
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}/v1/jobs/${job}/${call}`, init);
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${call}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Challenge and license of one chip; how long the license took, in ms. */
  async license(chip: TestChip): Promise<number> {
    const { challenge: given } = await this.#post('challenge', {});
    const { challenge, certificate, hello, requestId } = await answerOf(chip, fromHex(given as string));
    const startMs = performance.now();
    const { newUnit } = await this.#post('licenses', {
      ...{ challenge: toHex(challenge), requestId },
      ...{ certificate: toBase64url(certificate), hello: toBase64url(hello) },
    });
    if (newUnit !== true) throw new Error('a license without a unit of its own');
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

// What all licenses of a job and package have in common crosses a connection once: a later
// request names it by its number. Both sides count alike, and forget the same ones. The signer
// checks it again for each license.

import { isDeepStrictEqual } from 'node:util';
import { Fault } from '@firmseal/fault';
import type { IssueRequest } from './issuing-signer.ts';

export type Order = Pick<IssueRequest, 'job' | 'approvals' | 'header' | 'contentKeyFile'>;
export type NumberedOrder = Order & { readonly number: number };

/** Of one connection: the newest. */
const keptAtMost = 64;

/** Those that went over a connection, on the side that asks. */
export class SentOrders {
  readonly #sent = new Map<string, NumberedOrder>(); // oldest first
  #next = 0;

  /** As it has to be sent: its number alone where the signer has it. */
  name({ job, approvals, header, contentKeyFile }: Order): number | NumberedOrder {
    const key = Buffer.concat([job.jobId, contentKeyFile]).toString('latin1');
    const known = this.#sent.get(key);
    const { number: _, ...before } = known ?? { number: 0 };
    if (
      known !== undefined &&
      known.number >= this.#next - keptAtMost &&
      isDeepStrictEqual(before, { job, approvals, header, contentKeyFile })
    )
      return known.number;
    const order = { number: this.#next++, job, approvals, header, contentKeyFile };
    this.#sent.delete(key);
    this.#sent.set(key, order);
    if (this.#sent.size > keptAtMost) this.#sent.delete(this.#sent.keys().next().value!);
    return order;
  }
}

/** The same on the signer's side. */
export class KnownOrders {
  readonly #known = new Map<number, Order>();

  /** Throws `signer-request-malformed` for a number that stands for nothing. */
  find(named: number | NumberedOrder): Order {
    if (typeof named !== 'number') {
      const { number, ...order } = named;
      this.#known.set(number, order);
      this.#known.delete(number - keptAtMost);
      if (this.#known.size > keptAtMost) this.#known.delete(this.#known.keys().next().value!);
      return order;
    }
    const order = this.#known.get(named);
    if (order === undefined)
      throw new Fault('signer-request-malformed', { problem: 'an order that was not sent' });
    return order;
  }
}

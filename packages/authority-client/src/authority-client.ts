// The one client of the authority, for line, owner and auditor. What can be called, with what and
// with which answer, is the table of packages/authority-contract; objects travel as bytes and are
// verified by whoever uses them.

import {
  type CallAnswer,
  type CallInput,
  type CallName,
  calls,
  encodeRequest,
  mostEvidenceLineBytes,
} from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { readLines } from './bounded-body.ts';
import { CallSender } from './call-sender.ts';
import { openStream, unreachable } from './http-call.ts';

export class AuthorityClient extends CallSender {
  /** As `send`, by the name of the call. */
  async call<N extends Exclude<CallName, 'exportEvidence'>>(
    name: N,
    input: CallInput<N>,
  ): Promise<CallAnswer<N>> {
    return this.send(calls[name], input as never) as Promise<CallAnswer<N>>;
  }

  /**
   * The evidence of all jobs, line by line as it comes; decodeEvidenceLine reads them. Throws what
   * `call` does, also in the middle. A stream that breaks off in between ends in `authority-unreachable`
   * or without its last line, `end`.
   */
  async *exportEvidence(): AsyncGenerator<string> {
    const request = encodeRequest(calls.exportEvidence, {});
    const response = await openStream(this.settings, request);
    const lines = readLines(response, mostEvidenceLineBytes);
    try {
      for (;;) {
        const { done, value } = await this.#beforeSilence(lines.next());
        if (done) return;
        yield value;
      }
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw unreachable(error).fault;
    } finally {
      // Not awaited: the next line may never come.
      lines.return(undefined).catch(() => undefined);
    }
  }

  #beforeSilence<T>(next: Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.settings;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () =>
        reject(new Fault('authority-timeout', { timeoutMs, attempts: 1 })),
      );
      next.then(resolve, reject).finally(cancel);
    });
  }
}

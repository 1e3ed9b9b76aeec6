// What a tester says to a socket over its port, and what it hears: lines of ASCII in the shape that
// programmers for test systems have. docs/line-testers.md is the page for who writes the tester's script.
//
//   #START [LABEL]  begins an install (#AUTO is the same)    #ACK, #STATUS:..., then #OK (...) or #ERRnnn:...
//   #CANCEL         ends it                                  #ACK
//   #STATUS         what the socket does                     #STATUS:READY and the like
//   #RESULT         the last result again                    #OK (...) or #ERRnnn:...; #NACK before the first
//
// Anything else, and a start while one runs, is answered with #NACK.

import { faultLabel } from '@firmseal/fault';
import { plainText, seconds } from '@firmseal/programmer';
import type { LineEvent, SocketState } from './events.ts';
import type { Cycle } from './outcome.ts';

/** What a tester may ask of a socket. */
export interface TesterSocket {
  readonly state: SocketState;
  readonly lastCycle: Cycle | undefined;
  begin(): boolean;
  cancel(): void;
  label(text: string): void;
}

/**
 * `#OK (Total 12.1s, Erase 0.3s, Prog 9.2s, Verify 0.2s)` or `#ERR013:FS0909 sentence`; nnn is the exit code.
 */
export function ateResult({ outcome, fault, exitCode, times }: Cycle): string {
  if (exitCode === 0)
    return (
      `#OK (Total ${seconds(times.totalMs)}, Erase ${seconds(times.eraseMs)}, ` +
      `Prog ${seconds(times.programMs)}, Verify ${seconds(times.verifyMs)})`
    );
  const number = String(exitCode).padStart(3, '0');
  const text = fault === null ? outcome.toUpperCase() : `${faultLabel(fault.code)} ${fault.sentence}`;
  return plainText(`#ERR${number}:${text}`);
}

const stateWords: Readonly<Record<SocketState, string>> = {
  empty: 'EMPTY',
  ready: 'READY',
  label: 'LABEL',
  queued: 'QUEUED',
  installing: 'BUSY',
  held: 'HELD',
  done: 'DONE',
  halted: 'HALTED',
  ended: 'ENDED',
};

/** Steps that a tester's script knows; the others are told as CONNECTING. */
const stepWords: Readonly<Record<string, string>> = {
  opening: 'CONNECTING',
  license: 'ERASING',
  records: 'PROGRAMMING',
  receipt: 'VERIFYING',
};

/** Longer lines are no command; a peer that never ends one is cut off. */
export const mostTesterBytes = 512;

/** One connection of a tester. */
export class TesterSession {
  readonly #socket: TesterSocket;
  readonly #name: string;
  readonly #send: (line: string) => void;
  #asked = false;

  /** `send` gets lines without their ends. */
  constructor(name: string, socket: TesterSocket, send: (line: string) => void) {
    this.#name = name;
    this.#socket = socket;
    this.#send = send;
  }

  /** A line of the tester. */
  take(line: string): void {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    const { lastCycle, state } = this.#socket;
    switch (word.toUpperCase()) {
      case '':
        break;
      case '#START':
      case '#AUTO':
        this.#begin(rest.join(' '));
        break;
      case '#CANCEL':
        this.#send('#ACK');
        this.#socket.cancel();
        break;
      case '#STATUS':
        this.#send(`#STATUS:${stateWords[state]}`);
        break;
      case '#RESULT':
        this.#send(lastCycle === undefined ? '#NACK' : ateResult(lastCycle));
        break;
      default:
        this.#send('#NACK');
    }
  }

  /** An event of the line; those of other sockets are left out. */
  hear(event: LineEvent): void {
    if (!this.#asked || event.kind === 'line-tally' || event.name !== this.#name) return;
    if (event.kind === 'line-install' && event.install.kind === 'state') {
      const word = stepWords[event.install.to];
      if (word !== undefined) this.#send(`#STATUS:${word}`);
    }
    if (event.kind === 'line-socket' && (event.state === 'queued' || event.state === 'held'))
      this.#send(`#STATUS:${stateWords[event.state]}`);
    if (event.kind !== 'line-cycle') return;
    this.#asked = false;
    this.#send(ateResult(event));
  }

  #begin(label: string): void {
    if (this.#asked || !this.#socket.begin()) {
      this.#send('#NACK');
      return;
    }
    // The socket looks at its label only after this.
    if (label !== '') this.#socket.label(label);
    this.#asked = true;
    this.#send('#ACK');
  }
}

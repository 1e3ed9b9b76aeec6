// How a command speaks: each thing that happened is one event. With --json it becomes a line
// {"event": NAME, ...} on standard output, else the sentences for people that the command gives with it.
// Names of files and texts of others stand in them, so each is one line of harmless text, whatever it holds.

import { harmless } from '@firmseal/fault';
import type { Shell } from './shell.ts';

/** Its name and any fields that JSON can hold. */
export type JsonEvent = { readonly event: string };

/** Typed arrays and maps have no JSON of their own: bytes become hexadecimal, a map its entries. */
function toJson(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value instanceof Map ? Object.fromEntries(value) : value;
}

export class Face {
  readonly json: boolean;
  readonly shell: Shell;

  constructor(shell: Shell, json: boolean) {
    this.shell = shell;
    this.json = json;
  }

  /** What happened, for machines, and the same as lines for people. */
  tell<E extends JsonEvent>(event: E, ...lines: readonly string[]): void {
    if (this.json) this.event(event);
    else this.lines(...lines);
  }

  /** A line for machines only. */
  event<E extends JsonEvent>(event: E): void {
    if (this.json) this.shell.out.write(`${JSON.stringify(event, toJson)}\n`);
  }

  /** Something to know that does not keep the command from its work: on standard error, and as an event. */
  warn(sentence: string): void {
    this.event({ event: 'warning', sentence });
    this.note(`Warning: ${sentence}`);
  }

  /** A line on standard error, whether or not --json was asked for. */
  note(line: string): void {
    this.shell.err.write(`${harmless(line)}\n`);
  }

  /** Lines for people only. */
  lines(...lines: readonly string[]): void {
    if (!this.json && lines.length > 0) this.shell.out.write(`${lines.map(harmless).join('\n')}\n`);
  }
}

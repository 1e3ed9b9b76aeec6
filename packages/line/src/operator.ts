// What an operator types or scans, a line at a time: the name of a socket, a label, or the end. A barcode
// scanner is a keyboard that ends with Enter.

import type { Line } from './line.ts';

/** Fits a label on a board, and a line on the screen. */
const mostLabelCharacters = 64;

export type OperatorAnswer =
  /** No chip begins any more. */
  | { readonly kind: 'drain' }
  /** Ends what runs, too. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'done'; readonly says: string };

const says = (text: string): OperatorAnswer => ({ kind: 'done', says: text });

export class Operator {
  readonly #line: Pick<Line, 'socket' | 'sockets'>;
  readonly #labels: 'none' | 'required';
  /** Name of the socket that the next label is for. */
  #chosen: string | undefined;

  constructor(line: Pick<Line, 'socket' | 'sockets'>, labels: 'none' | 'required') {
    this.#line = line;
    this.#labels = labels;
  }

  get prompt(): string {
    if (this.#chosen !== undefined) return `Scan the label of the chip in ${this.#chosen}.`;
    if (this.#labels === 'required')
      return 'Scan a socket, then the label of its chip. "quit": end after what runs. "stop": end now.';
    return 'NAME: begin in that socket. "quit": end after what runs. "stop": end now.';
  }

  take(text: string): OperatorAnswer {
    const word = text.trim();
    if (word === 'quit') return { kind: 'drain' };
    if (word === 'stop') return { kind: 'stop' };
    const socket = this.#line.socket(word);
    if (socket === undefined)
      return this.#labels === 'required' ? this.#label(word) : says(`no socket ${word}`);
    if (this.#labels === 'required' && socket.state !== 'halted') {
      this.#chosen = word;
      return says(`${word}: the next label is for it`);
    }
    return says(socket.begin() ? `${word}: begins` : `${word} is at work`);
  }

  #label(text: string): OperatorAnswer {
    if (!/^[!-~ ]+$/.test(text) || text.length > mostLabelCharacters)
      return says(`a label has 1 to ${mostLabelCharacters} printable characters`);
    const waiting = this.#line.sockets.filter(({ state }) => state === 'label');
    const only = waiting.length === 1 ? waiting[0]!.settings.name : undefined;
    const name = this.#chosen ?? only;
    if (name === undefined) return says('scan the socket first');
    this.#chosen = undefined;
    this.#line.socket(name)!.label(text);
    return says(`${name}: label ${text}`);
  }
}

// A terminal for tests, of endless height: text, line feed, carriage return, cursor up, erase to the end of
// line and below, and lines that wrap again when the width changes. Anything else it is sent is an error.

export class ModelTerminal {
  #columns: number;
  #rows: string[] = [''];
  /** True for a row that goes on in the next one. */
  #wraps: boolean[] = [false];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own language
    const token = /\u001b\[(\?2026[hl]|(\d*)([AKJ]))|\r|\n|[\x20-\x7e]/gy;
    while (token.lastIndex < text.length) {
      const at = token.lastIndex;
      const found = token.exec(text);
      if (found === null)
        throw new Error(`the terminal cannot read ${JSON.stringify(text.slice(at, at + 10))}`);
      this.#obey(found[0], { count: Number(found[2] ?? '1'), command: found[3] });
    }
  }

  /** Wraps the lines again as terminals do; the cursor stays with the last row. */
  resize(columns: number): void {
    const whole: string[] = [];
    for (const [i, row] of this.#rows.entries()) {
      if (i > 0 && this.#wraps[i - 1]) whole[whole.length - 1] += row;
      else whole.push(row);
    }
    this.#columns = columns;
    this.#rows = [];
    this.#wraps = [];
    for (const line of whole) {
      for (let at = 0; at === 0 || at < line.length; at += columns) {
        this.#rows.push(line.slice(at, at + columns));
        this.#wraps.push(at + columns < line.length);
      }
    }
    this.#row = this.#rows.length - 1;
  }

  /** Rows without spaces at their ends, the empty one of the cursor left out. */
  lines(): string[] {
    const lines = this.#rows.map((row) => row.trimEnd());
    return lines.at(-1) === '' && this.#row === lines.length - 1 ? lines.slice(0, -1) : lines;
  }

  #obey(text: string, { count, command }: { count: number; command: string | undefined }): void {
    if (text === '\r') this.#column = 0;
    else if (text === '\n') this.#nextRow();
    else if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'K') this.#rows[this.#row] = this.#rows[this.#row]!.slice(0, this.#column);
    else if (command === 'J') this.#eraseBelow();
    else if (text.length === 1) this.#print(text);
  }

  #nextRow(): void {
    this.#row++;
    this.#column = 0;
    if (this.#row === this.#rows.length) {
      this.#rows.push('');
      this.#wraps.push(false);
    }
  }

  #eraseBelow(): void {
    this.#rows[this.#row] = this.#rows[this.#row]!.slice(0, this.#column);
    this.#rows.length = this.#row + 1;
    this.#wraps.length = this.#row + 1;
    this.#wraps[this.#row] = false;
  }

  #print(letter: string): void {
    if (this.#column === this.#columns) {
      this.#wraps[this.#row] = true;
      this.#nextRow();
    }
    const row = this.#rows[this.#row]!.padEnd(this.#column);
    this.#rows[this.#row] = row.slice(0, this.#column) + letter + row.slice(this.#column + 1);
    this.#column++;
  }
}

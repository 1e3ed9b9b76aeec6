// A terminal for tests: a process on a pseudo-terminal that Python opens, and the screen that it sees, after
// the control sequences that the live views use.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** Runs argv[3:] on a terminal of argv[1] columns and argv[2] rows; ends with its exit code. */
const onPty = `
import fcntl, os, pty, select, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', int(sys.argv[2]), int(sys.argv[1]), 0, 0))
while True:
    for source in select.select([0, master], [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b''
        if source == master and not data:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os.write(1 if source == master else master, data)
`;

/**
 * Rows as a terminal would show them, without limit of their number. Throws at a
 * sequence that it does not know.
 */
class EmulatedScreen {
  #rows: string[] = [''];
  #row = 0;
  #column = 0;
  #rest = '';

  take(text: string): void {
    const all = this.#rest + text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    const pieces = /\u001b\[(\??)(\d*)([A-Za-z])|([\r\n])|([^\u001b\r\n]+)/y;
    let end = 0;
    for (let found = pieces.exec(all); found !== null; found = pieces.exec(all)) {
      const [, isPrivate, count, command, move, plain] = found;
      end = pieces.lastIndex;
      if (plain !== undefined) this.#print(plain);
      else if (move === '\r') this.#column = 0;
      else if (move === '\n') this.#nextRow();
      else if (isPrivate === '') this.#control(command!, count === '' ? undefined : Number(count));
    }
    this.#rest = all.slice(end);
    if (this.#rest.length > 20) throw new Error(`not understood: ${JSON.stringify(this.#rest.slice(0, 20))}`);
  }

  /** Without blanks at the ends of rows, and without empty rows at the end. */
  get text(): string {
    return this.#rows
      .map((row) => row.trimEnd())
      .join('\n')
      .trimEnd();
  }

  #print(text: string): void {
    const row = this.#rows[this.#row]!.padEnd(this.#column);
    this.#rows[this.#row] = row.slice(0, this.#column) + text + row.slice(this.#column + text.length);
    this.#column += text.length;
  }

  #nextRow(): void {
    this.#row++;
    if (this.#row === this.#rows.length) this.#rows.push('');
  }

  #control(command: string, count: number | undefined): void {
    if (command === 'A') this.#row = Math.max(0, this.#row - (count ?? 1));
    else if (command === 'K') this.#rows[this.#row] = this.#rows[this.#row]!.slice(0, this.#column);
    else if (command === 'J') {
      this.#rows[this.#row] = this.#rows[this.#row]!.slice(0, this.#column);
      this.#rows.length = this.#row + 1;
    } else throw new Error(`a control sequence ${command} that this terminal does not know`);
  }
}

export class TerminalProcess {
  readonly screen = new EmulatedScreen();
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown[]>;
  #look: () => void = () => {};

  constructor(command: readonly string[], { columns, rows }: { columns: number; rows: number }) {
    const args = ['-c', onPty, String(columns), String(rows), ...command];
    this.#child = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.screen.take(text);
      this.#look();
    });
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Resolves once the screen matches; rejects, with the screen, when the process ends before. */
  async shows(pattern: RegExp): Promise<string> {
    const shown = new Promise<void>((resolve) => {
      this.#look = () => {
        if (pattern.test(this.screen.text)) resolve();
      };
      this.#look();
    });
    const gone = this.#ended.then(() => {
      throw new Error(`ended without ${pattern}:\n${this.screen.text}`);
    });
    gone.catch(() => {});
    await Promise.race([shown, gone]);
    return this.screen.text;
  }

  /** Its exit code. */
  async ended(): Promise<number> {
    const [code] = await this.#ended;
    return code as number;
  }

  kill(): void {
    this.#child.kill();
  }
}

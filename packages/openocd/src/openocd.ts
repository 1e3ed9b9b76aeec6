// A target behind an OpenOCD that runs: halt and reset, memory, flash by OpenOCD's own drivers and
// loaders. Which probe it holds, and that it was started for the right target, is whoever started it.
// Registers of option bytes are memory here.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { intelHexLines, type Segment } from '@firmseal/image';
import type { ByteStream, Clock } from '@firmseal/link';
import { bytesOfWords, hex, readWords, wordsOfBytes } from './memory-text.ts';
import { openocdFault } from './openocd-fault.ts';
import { TclRpc } from './tcl-rpc.ts';

export interface OpenocdOptions {
  readonly stream: ByteStream;
  readonly clock: Clock;
  /** How long a command may take that does no work in the flash; default 30,000. */
  readonly timeoutMs?: number;
}

/** A bank of OpenOCD's, as its `flash list` says. */
export interface FlashBankOfOpenocd {
  readonly driver: string;
  readonly addressStart: number;
  /** 0 until it was probed. */
  readonly sizeBytes: number;
}

/** Words of one transfer. */
const mostWords = 4096;
/** Characters of a piece of a file; a line of the Tcl server may have 4 MiB. */
const mostFileCharacters = 60_000;
/** read_memory and write_memory came with 0.12. */
const leastVersion = [0, 12] as const;

export class Openocd {
  readonly #rpc: TclRpc;
  readonly #timeoutMs: number;
  /** As OpenOCD gives it. */
  readonly version: string;

  private constructor(rpc: TclRpc, timeoutMs: number, version: string) {
    this.#rpc = rpc;
    this.#timeoutMs = timeoutMs;
    this.version = version;
  }

  /** Throws `openocd-not-there` for another server, `openocd-too-old` below 0.12. */
  static async connect({ stream, clock, timeoutMs = 30_000 }: OpenocdOptions): Promise<Openocd> {
    const rpc = new TclRpc(stream, clock);
    const { text } = await rpc.run('version', { timeoutMs }).catch((cause: unknown) => {
      throw new Fault('openocd-not-there', {}, { cause });
    });
    const found = /Open On-Chip Debugger (\d+)\.(\d+)/.exec(text);
    if (found === null) throw new Fault('openocd-not-there');
    const [major, minor] = [Number(found[1]), Number(found[2])];
    if (major < leastVersion[0] || (major === leastVersion[0] && minor < leastVersion[1]))
      throw new Fault('openocd-too-old', { version: `${major}.${minor}` });
    return new Openocd(rpc, timeoutMs, text.trim());
  }

  /** Runs a command and gives its value. Throws the fault that OpenOCD's words mean. */
  async #run(
    command: string,
    { timeoutMs = this.#timeoutMs, script = command, printed = false } = {},
  ): Promise<string> {
    const { failed, text } = await this.#rpc.run(script, { timeoutMs, printed });
    if (failed) throw openocdFault(command, text);
    return text;
  }

  /** Resets the target and stops it before its first instruction. */
  async resetHalt(): Promise<void> {
    await this.#run('reset halt', { printed: true });
  }

  /** Resets the target and lets it run. */
  async resetRun(): Promise<void> {
    await this.#run('reset run', { printed: true });
  }

  /**
   * Whether OpenOCD looks at the target by itself, a few times a second: it disturbs a
   * chip that it cannot reach.
   */
  async setPolling(on: boolean): Promise<void> {
    await this.#run(on ? 'poll on' : 'poll off', { printed: true });
  }

  /**
   * Ends halting debug: DHCSR (DDI 0403 C1.6.2) with its key and C_DEBUGEN clear. A reset of the system
   * leaves that bit set, and a chip at readout protection level 1 refuses its own flash as long as it is.
   */
  async releaseCore(): Promise<void> {
    await this.writeWord(0xe000_edf0, 0xa05f_0000);
  }

  async halt(): Promise<void> {
    await this.#run('halt', { printed: true });
  }

  /**
   * Sets stack pointer and program counter from the vector table there, and VTOR where the core has it;
   * runs.
   */
  async start(vectorTable: number): Promise<void> {
    await this.resetHalt();
    const [stackPointer, resetHandler] = await this.readWords(vectorTable, 2);
    await this.writeWord(0xe000_ed08, vectorTable);
    await this.#run('reg', {
      script: `reg sp ${hex(stackPointer!)}; reg pc ${hex((resetHandler! & ~1) >>> 0)}; resume`,
    });
  }

  /** Throws `openocd-memory-refused` where the bus refuses: no memory there, or readout protection. */
  async readWords(address: number, count: number): Promise<number[]> {
    const words: number[] = [];
    for (let done = 0; done < count; done += mostWords) {
      const length = Math.min(mostWords, count - done);
      const text = await this.#run('read_memory', {
        script: `read_memory ${hex(address + 4 * done)} 32 ${length}`,
        printed: false,
      });
      words.push(...readWords(text, { widthBits: 32, count: length }));
    }
    return words;
  }

  async readWord(address: number): Promise<number> {
    return (await this.readWords(address, 1))[0]!;
  }

  /** Any address and length; whole words around them are read. Throws `openocd-memory-refused`. */
  async read(address: number, lengthBytes: number): Promise<Bytes> {
    const before = address % 4;
    const words = await this.readWords(address - before, Math.ceil((before + lengthBytes) / 4));
    return bytesOfWords(words).slice(before, before + lengthBytes);
  }

  /** Throws `openocd-memory-refused`. */
  async writeWord(address: number, value: number): Promise<void> {
    await this.#run('write_memory', { script: `write_memory ${hex(address)} 32 ${hex(value)}` });
  }

  /** RAM or registers, a multiple of 4 bytes. Throws `openocd-memory-refused`. */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    const words = wordsOfBytes(bytes);
    for (let done = 0; done < words.length; done += mostWords) {
      const list = words
        .slice(done, done + mostWords)
        .map(hex)
        .join(' ');
      await this.#run('write_memory', { script: `write_memory ${hex(address + 4 * done)} 32 {${list}}` });
    }
  }

  /** The banks of the target that OpenOCD was started for. */
  async flashBanks(): Promise<FlashBankOfOpenocd[]> {
    const text = await this.#run('flash list');
    return [...text.matchAll(/driver (\S+) base (\d+) size (\d+)/g)].map(([, driver, base, size]) => ({
      driver: driver!,
      addressStart: Number(base),
      sizeBytes: Number(size),
    }));
  }

  /**
   * Erases the units that the range covers exactly. Throws `openocd-flash-protected`,
   * `openocd-flash-failed`.
   */
  async eraseFlash(
    address: number,
    lengthBytes: number,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<void> {
    const script = `flash erase_address ${hex(address)} ${hex(lengthBytes)}`;
    await this.#run('flash erase_address', { script, timeoutMs, printed: true });
  }

  /**
   * Gives OpenOCD the bytes as a file that it writes itself, so that it need not run on this machine; the
   * file is deleted at the end. `use` gets its name as a word of Tcl.
   */
  async #withFile<T>(segments: readonly Segment[], use: (file: string) => Promise<T>): Promise<T> {
    const path = (await this.#run('file tempfile')).trim();
    if (!/^[^\s{}[\]"$;\\]+$/.test(path.replaceAll('\\', '/')))
      throw new Fault('openocd-answer-malformed', { problem: 'a file name that Tcl cannot take' });
    const file = `{${path.replaceAll('\\', '/')}}`;
    try {
      for (const [i, text] of pieces(segments).entries())
        await this.#run('open', {
          script: `set f [open ${file} ${i === 0 ? 'w' : 'a'}]; puts -nonewline $f {${text}}; close $f`,
        });
      return await use(file);
    } finally {
      await this.#run('file delete', { script: `file delete ${file}` }).catch(() => undefined);
    }
  }

  /**
   * Programs flash that is erased, by OpenOCD's own loader. Throws `openocd-flash-protected`,
   * `openocd-flash-failed`.
   */
  async writeFlash(address: number, bytes: Uint8Array, { timeoutMs }: { timeoutMs: number }): Promise<void> {
    await this.#withFile([{ address, bytes: concatBytes(bytes) }], async (file) => {
      const script = `flash write_image ${file} 0 ihex`;
      await this.#run('flash write_image', { script, timeoutMs, printed: true });
    });
  }

  /**
   * Whether memory holds the segments. OpenOCD lets the chip compute a CRC-32 where it can run code there,
   * and reads where it cannot, so little or nothing crosses the probe. False also where OpenOCD could not
   * find out; `read` then says why.
   */
  async holds(segments: readonly Segment[], { timeoutMs }: { timeoutMs: number }): Promise<boolean> {
    return this.#withFile(segments, async (file) => {
      const script = `verify_image ${file} 0 ihex`;
      const { failed } = await this.#rpc.run(script, { timeoutMs, printed: true });
      return !failed;
    });
  }

  close(): Promise<void> {
    return this.#rpc.close();
  }
}

/** The segments as Intel HEX, in pieces of whole lines. */
function pieces(segments: readonly Segment[]): string[] {
  const texts: string[] = [];
  let text = '';
  for (const line of intelHexLines(segments)) {
    if (text.length + line.length > mostFileCharacters) {
      texts.push(text);
      text = '';
    }
    text += line;
  }
  return [...texts, text];
}

// Starts an OpenOCD for one probe and one kind of chip, and ends it by its process id. It speaks
// Tcl over its standard input and output; on Windows, where it cannot, over a port of this
// machine that the system chooses.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Chip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';
import { lastWords, startFault } from './openocd-words.ts';
import type { ProbeCommands } from './probe-commands.ts';
import { ProcessStream } from './process-stream.ts';

export interface SpawnOpenocdOptions {
  readonly probe: ProbeCommands;
  /** Absent: memory is read and written, and nothing is known of the chip. */
  readonly chip?: Chip;
  readonly clock: Clock;
  /** The program; default `openocd`. */
  readonly program?: string;
  /** Default: `pipe`, on Windows `tcp`. */
  readonly channel?: 'pipe' | 'tcp';
  /** Connects to a port of this machine, for the channel `tcp`. */
  readonly connect: (port: number) => Promise<ByteStream>;
  /** Holds the chip in reset while connecting: for firmware that takes the debug pins away. */
  readonly underReset?: boolean;
  /** Default 30,000. */
  readonly startTimeoutMs?: number;
}

export interface SpawnedOpenocd {
  /** Its Tcl RPC, for `Openocd.connect`. */
  readonly stream: ByteStream;
  /** What it printed, its last 64 KiB. */
  printed(): string;
  /** Ends it and waits until it is gone, so that the probe is free. Never throws. */
  close(): Promise<void>;
}

const mostPrinted = 64 * 1024;
/** Printed by OpenOCD as its last command: over a pipe it says nothing of its own when it is ready. */
const readyWords = 'firmseal may begin';
/** How long it may take to end by itself over a pipe, and after it was asked to. */
const [endMs, termMs] = [2000, 3000];

/** Tcl that says what is at the end of the probe's cable. */
function targetCommands(chip: Chip | undefined, underReset: boolean): string[] {
  if (chip === undefined)
    return [
      ...['swd newdap any cpu -irlen 4', 'dap create any.dap -chain-position any.cpu'],
      'target create any.memory mem_ap -dap any.dap -ap-num 0',
    ];
  const { target, before } = chip.openocd;
  return [
    ...(before === undefined ? [] : [before]),
    `source [find target/${target}]`,
    ...(underReset ? ['reset_config srst_only srst_nogate connect_assert_srst'] : []),
  ];
}

function commandLine(
  { probe, chip, underReset = false }: SpawnOpenocdOptions,
  channel: 'pipe' | 'tcp',
): string[] {
  const commands = [
    ...probe.commands,
    // Only its Tcl port, and only for programs of this machine.
    ...['gdb_port disabled', 'telnet_port disabled', 'bindto 127.0.0.1'],
    `tcl_port ${channel === 'pipe' ? 'pipe' : 0}`,
    ...targetCommands(chip, underReset),
    'init',
    `echo {${readyWords}}`,
  ];
  return commands.flatMap((one) => ['-c', one]);
}

/** A process of OpenOCD: its end, and what it printed on standard error. */
class OpenocdProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  readonly failed: Promise<never>;
  readonly #clock: Clock;
  #printed = '';
  #onPrint: () => void = () => undefined;

  constructor(program: string, args: readonly string[], clock: Clock) {
    this.#clock = clock;
    this.child = spawn(program, args, { stdio: 'pipe', windowsHide: true });
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.setEncoding('utf8');
    this.child.stderr.on('data', (text: string) => {
      this.#printed = (this.#printed + text).slice(-mostPrinted);
      this.#onPrint();
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    this.failed = new Promise((_, reject) => {
      this.child.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new Fault(
            'openocd-not-installed',
            { program, reason: error.code ?? error.message },
            { cause: error },
          ),
        ),
      );
    });
    this.failed.catch(() => undefined);
  }

  printed(): string {
    return this.#printed;
  }

  /** Resolves with what the pattern finds in its words. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      this.#onPrint = () => {
        const found = pattern.exec(this.#printed);
        if (found !== null) resolve(found);
      };
      this.#onPrint();
    });
  }

  #after(delayMs: number): Promise<'late'> {
    return new Promise((resolve) => this.#clock.after(delayMs, () => resolve('late')));
  }

  /** By the end of its input where that is its channel, else and after that by its process id. */
  async end(channel: 'pipe' | 'tcp'): Promise<void> {
    if (this.child.pid === undefined) return;
    this.child.stdin.end();
    const stopped = this.ended.then(() => 'ended' as const);
    for (const [signal, waitMs] of [
      ['SIGTERM', channel === 'pipe' ? endMs : 0],
      ['SIGKILL', termMs],
    ] as const) {
      if ((await Promise.race([stopped, this.#after(waitMs)])) === 'ended') return;
      this.child.kill(signal);
    }
    await stopped;
  }
}

/**
 * Starts OpenOCD and resolves when it holds the probe and has examined the chip. Throws
 * `openocd-not-installed`, `openocd-too-old`, `openocd-chip-unsupported`, `openocd-probe-missing`,
 * `openocd-probe-not-permitted`, `openocd-probe-in-use`, `openocd-probe-too-old`, `openocd-probe-broken`,
 * `openocd-no-target`, `openocd-ended`, `openocd-start-timeout`; the process is gone then.
 */
export async function spawnOpenocd(options: SpawnOpenocdOptions): Promise<SpawnedOpenocd> {
  const { probe, chip, clock, connect, program = 'openocd', startTimeoutMs = 30_000 } = options;
  const channel = options.channel ?? (process.platform === 'win32' ? 'tcp' : 'pipe');
  const openocd = new OpenocdProcess(program, commandLine(options, channel), clock);
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(startTimeoutMs, () =>
      reject(
        new Fault('openocd-start-timeout', { timeoutMs: startTimeoutMs, said: lastWords(openocd.printed()) }),
      ),
    );
  });
  const early = openocd.ended.then(() => Promise.reject(startFault(openocd.printed(), probe.names, chip)));
  early.catch(() => undefined);
  try {
    const says = (words: RegExp) => Promise.race([openocd.says(words), openocd.failed, early, late]);
    await says(new RegExp(`^${readyWords}$`, 'm'));
    const stream =
      channel === 'pipe'
        ? new ProcessStream(openocd.child.stdin, openocd.child.stdout)
        : await connect(Number((await says(/Listening on port (\d+) for tcl connections/))[1]));
    return {
      stream,
      printed: () => openocd.printed(),
      close: async () => {
        await stream.close();
        await openocd.end(channel);
      },
    };
  } catch (error) {
    await openocd.end(channel);
    throw error;
  } finally {
    cancel();
  }
}

// Cycles of the Cortex-M4 build at work, estimated: QEMU executes the agent one instruction at a time and
// logs where each stands; the log of four records, 1.5 million lines each, is weighed by cortex-m4-cycles.ts.
// QEMU has no pipeline and no wait states, hence "estimated". The loop that waits for the line counts only
// where it found a byte. For a session, which is too long for a log, instructions alone are counted: QEMU
// lets one pass in a nanosecond, and a timer of the board tells the time.

import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AgentClient } from '@firmseal/agent-client';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { eraseUnitAt, finalOptions, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { verifyHello } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { startQemu } from '../../device/agent/port/test/qemu-board.ts';
import {
  certify,
  epoch,
  keyPair,
  makeLicense,
  makePackage,
  origin,
  pattern,
  product,
  root,
} from '../../device/agent/test/trusted-site.ts';
import { qemuTarget } from '../../device/agent/toolchain/targets.ts';
import { buildAgent, symbolsOf } from '../../device/agent/toolchain/thumb.ts';
import { cortexM4Cycles, type Instruction, readDisassembly } from './cortex-m4-cycles.ts';
import { noShares, type Part, partFinder, parts, type Shares } from './parts.ts';

export interface TracedCycles {
  /** Instructions for a byte of a record. */
  readonly instructions: number;
  /** Cycles for a byte of firmware: of a record in the middle of a unit. */
  readonly record: Shares;
  /** What the first record of an erase unit takes more, where the unit is blank: spread over the unit. */
  readonly unit: Shares;
  readonly digest: Shares;
  /** Instructions, to a few hundred thousand. */
  readonly session: {
    readonly hello: number;
    readonly package: number;
    readonly license: number;
    readonly receipt: number;
  };
}

const chunkBytes = 4096;
const records = 4;
const answerTimeoutMs = 120_000;

/** QEMU's monitor on a socket; a command has ended when the prompt is back. */
class Monitor {
  readonly #socket;
  #said = '';
  #ended = false;
  constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.on('close', () => {
      this.#ended = true;
    });
    this.#socket.on('data', (bytes) => {
      this.#said += bytes;
    });
  }

  async command(text: string): Promise<string> {
    await this.#prompt();
    this.#said = '';
    this.#socket.write(`${text}\n`);
    await this.#prompt();
    return this.#said;
  }

  async #prompt(): Promise<void> {
    while (!this.#said.endsWith('(qemu) ')) {
      if (this.#ended) throw new Error('QEMU ended before it answered');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** Weighs a log. Instructions between two looks at the line count when a byte came between them. */
class TraceReader {
  readonly #code: Map<number, Instruction>;
  readonly #find: (address: number) => Part;
  readonly #places: Readonly<Record<'poll' | 'receive' | 'record', number>>;
  /** Each ends with the turn that took a record. */
  readonly requests: { shares: Record<Part, number>; instructions: number }[] = [];
  #open = { shares: noShares(), instructions: 0 };
  #turn = { shares: noShares(), instructions: 0, received: false, record: false };

  constructor() {
    const build = buildAgent(qemuTarget());
    const symbols = symbolsOf(build.elf);
    const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
    const list = execFileSync('arm-none-eabi-objdump', ['-d', '--no-show-raw-insn', build.elf], options);
    const place = (name: string) => symbols.get(name)!.address & ~1;
    this.#code = readDisassembly(list);
    this.#find = partFinder(build);
    this.#places = {
      ...{ poll: place('fs_link_poll'), receive: place('fs_link_receive') },
      record: place('fs_install_record'),
    };
  }

  #endTurn(): void {
    const { shares, instructions, received, record } = this.#turn;
    this.#turn = { shares: noShares(), instructions: 0, received: false, record: false };
    if (!received) return;
    this.#open.instructions += instructions;
    for (const part of Object.keys(shares) as Part[]) this.#open.shares[part] += shares[part];
    if (!record) return;
    this.requests.push(this.#open);
    this.#open = { shares: noShares(), instructions: 0 };
  }

  async read(path: string): Promise<void> {
    let before: Instruction | undefined;
    let now: Instruction | undefined;
    for await (const text of createInterface({ input: createReadStream(path) })) {
      const address = /^Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+\/([0-9a-f]+)\//.exec(text)?.[1];
      if (address === undefined) continue;
      const next = this.#code.get(Number.parseInt(address, 16));
      if (next === undefined) throw new Error(`the trace is at 0x${address}, where the agent has no code`);
      if (now) {
        this.#turn.shares[this.#find(now.address)] += cortexM4Cycles(now, next.address, before);
        this.#turn.instructions++;
      }
      if (next.address === this.#places.poll) this.#endTurn();
      if (next.address === this.#places.receive) this.#turn.received = true;
      if (next.address === this.#places.record) this.#turn.record = true;
      before = now;
      now = next;
    }
    this.#endTurn();
  }
}

interface Board {
  readonly client: AgentClient;
  readonly monitor: Monitor;
  readonly folder: string;
}

async function withBoard<T>(more: readonly string[], work: (board: Board) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-trace-'));
  const socket = join(folder, 'monitor');
  const qemu = await startQemu({
    ...{ elf: buildAgent(qemuTarget()).elf, folder, uniqueId: [1, 2, 3], seed: 7 },
    more: ['-monitor', `unix:${socket},server=on,wait=off`, ...more],
    longestS: 1800, // logging each instruction takes minutes on a busy machine
  });
  const monitor = new Monitor(socket);
  try {
    const connection = { stream: qemu.stream, clock: systemClock, answerTimeoutMs, attempts: 3 };
    const client = await AgentClient.connect(connection);
    const begin = { rootPublicKey: root.publicKey, product, epoch, challenge: new Uint8Array(0), origin };
    const { signingKey, kemKey } = await client.personalizeBegin(begin);
    const chip = findChip('stm32f427');
    const certificate = await certify({ signingKey, kemKey, chipId: chip.id });
    await client.personalizeFinish({ certificate, optionBytes: finalOptions(chip, 2) });
    const result = await work({ client, monitor, folder });
    await client.close();
    return result;
  } finally {
    monitor.end();
    await qemu.end();
    rmSync(folder, { recursive: true });
  }
}

type Measure = <T>(name: string, action: () => Promise<T>) => Promise<T>;

/** One install; `measure` is put around each of its steps. */
async function install(client: AgentClient, measure: Measure): Promise<void> {
  const challenge = crypto.randomBytes(32);
  const answer = await measure('hello', () => client.hello(challenge));
  const device = verifyDeviceCertificate(crypto, answer.certificate, {
    ...{ caPublicKeys: [keyPair('device CA').publicKey], product, now: new Date('2026-06-01T00:00:00Z') },
  });
  const { nonce } = verifyHello(crypto, { hello: answer.hello, device, challenge });
  const address = findChip('stm32f427').layout.slots[0]!.storeStart;
  const area = { kind: 'firmware', address, lengthBytes: records * chunkBytes } as const;
  const sealed = await makePackage('stm32f427', {
    core: { entry: address, leastReadoutLevel: 2, chunkSizeBytes: chunkBytes },
    areas: [{ area, plaintext: pattern(area.lengthBytes, 4) }],
  });
  const { bundle } = await makeLicense(sealed, { ...device, nonce });
  await measure('package', () => client.sendPackageHeader(sealed.headerBytes));
  await measure('license', () => client.sendLicense(bundle));
  const source = { count: records, recordAt: (index: number) => sealed.records[index]! };
  await measure('records', () => client.streamRecords(source));
  await measure('receipt', () => client.receipt(challenge));
}

async function traceRecords({ client, monitor, folder }: Board): Promise<TraceReader> {
  const log = join(folder, 'log');
  await monitor.command(`logfile ${log}`);
  const reader = new TraceReader();
  await install(client, async (name, action) => {
    if (name !== 'records') return action();
    await monitor.command('singlestep on');
    await monitor.command('log exec,nochain');
    const result = await action();
    await monitor.command('log none');
    await monitor.command('singlestep off');
    await reader.read(log);
    return result;
  });
  if (reader.requests.length !== records) throw new Error(`the trace has ${reader.requests.length} records`);
  return reader;
}

/**
 * COUNTER of the board's FPGAIO (Arm DAI 0386, section 4): 20 million ticks a second of
 * QEMU, an instruction a nanosecond.
 */
const counterAddress = 0x4002_8018;
const instructionsInATick = 50;

async function countSession({ client, monitor }: Board): Promise<TracedCycles['session']> {
  const counts = new Map<string, number>();
  const ticks = async () => {
    const said = await monitor.command(`xp /1wx 0x${counterAddress.toString(16)}`);
    return Number.parseInt(/: 0x([0-9a-f]+)/.exec(said)![1]!, 16);
  };
  await install(client, async (name, action) => {
    await monitor.command('stop');
    const before = await ticks();
    const result = action();
    await monitor.command('cont');
    await result;
    await monitor.command('stop');
    counts.set(name, (((await ticks()) - before) >>> 0) * instructionsInATick);
    await monitor.command('cont');
    return result;
  });
  const of = (name: string) => counts.get(name)!;
  return { hello: of('hello'), package: of('package'), license: of('license'), receipt: of('receipt') };
}

/** Runs QEMU twice, for half a minute together. Throws when it, the compiler or BearSSL is missing. */
export async function traceCycles(): Promise<TracedCycles> {
  const { requests } = await withBoard([], traceRecords);
  const [first, middle] = requests.map(({ shares }) => shares);
  const last = requests.at(-1)!.shares;
  const chip = findChip('stm32f427');
  const { sizeBytes } = eraseUnitAt(chip, chip.layout.slots[0]!.storeStart)!;
  const map = (value: (part: Part) => number): Shares =>
    Object.fromEntries(parts.map((part) => [part, value(part)])) as unknown as Shares;
  return {
    instructions: requests[1]!.instructions / chunkBytes,
    record: map((part) => middle![part] / chunkBytes),
    unit: map((part) => (first![part] - middle![part]) / sizeBytes),
    digest: map((part) => (last[part] - middle![part]) / (records * chunkBytes)),
    session: await withBoard(['-icount', 'shift=0'], countSession),
  };
}

// The builds of the crypto port that its tests compare: on this machine with either arithmetic of BearSSL, as
// Cortex-M4 code on QEMU, and as ARMv6-M code on the Cortex-M0+ core of rp2040js with a bench of two memories
// and three registers. The WebAssembly build, whose cryptography is the host's: crypto-wasm.ts.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readImage, type Segment } from '@firmseal/image';
import { CortexM0Core } from '../../../../../node_modules/rp2040js/dist/esm/cortex-m0-core.js';
import type { Arithmetic } from '../../../toolchain/bearssl.ts';
import { root } from '../../../toolchain/cache.ts';
import { type Compiler, compileBearssl, compileOurs, link } from '../../../toolchain/compile.ts';
import { generatedFolder } from '../../../toolchain/generated.ts';
import { bareMetal, thumbCompiler } from '../../../toolchain/thumb.ts';
import { type Answer, decodeAnswer, decodeAnswers, encodeRequest, type Request } from './crypto-requests.ts';

const agent = join(root, 'device/agent');
const at = (...names: string[]) => names.map((name) => join(agent, name));

function objectsOf(compiler: Compiler, arithmetic: Arithmetic, sources: readonly string[]) {
  const includes = [...at('core', 'port/bearssl', 'port/bearssl/test'), generatedFolder('stm32f427')];
  const all = at(
    ...['core/fs_bytes.c', 'core/fs_hmac.c', 'core/fs_hpke.c'],
    ...['fs_crypto.c', 'fs_ecdsa.c', 'other_curves.c'].map((name) => `port/bearssl/${name}`),
    ...['port/bearssl/test/crypto_runner.c', ...sources],
  );
  const define = arithmetic === 'm15' ? '-DFS_BEARSSL_M15' : '-DFS_BEARSSL_M31';
  return [...compileOurs(compiler, all, includes, [define]), ...compileBearssl(compiler, arithmetic)];
}

/**
 * Path of the runner for this machine, built when needed. With `sanitize`: address and
 * undefined-behaviour checks.
 */
export function buildNativeRunner(arithmetic: Arithmetic, sanitize = false): string {
  const checks = sanitize ? ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g'] : [];
  const compiler = { program: 'gcc', flags: ['-O2', '-fno-strict-aliasing', ...checks] };
  const objects = objectsOf(compiler, arithmetic, ['port/bearssl/test/crypto_stream_native.c']);
  return join(link(compiler, objects, { name: 'crypto-runner', flags: [] }), 'crypto-runner');
}

/** Runs requests in one process. */
export function runNative(runner: string, requests: readonly Request[]): Answer[] {
  const input = Buffer.concat(requests.map(encodeRequest));
  const { status, stdout, stderr } = spawnSync(runner, { input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`the runner failed: ${stderr}`);
  return decodeAnswers(stdout, requests.length);
}

/** The runner as ARMv6-M code. */
export function buildThumbRunner(arithmetic: Arithmetic = 'm15'): readonly Segment[] {
  const compiler = thumbCompiler('cortex-m0plus');
  const sources = ['port/bearssl/test/crypto_stream_thumb.c', 'port/cortex-m/memory.c'];
  const objects = objectsOf(compiler, arithmetic, sources);
  const script = readFileSync(join(agent, 'port/bearssl/test/bench.ld'), 'utf8');
  const folder = link(compiler, objects, { name: 'crypto-bench', flags: bareMetal, script });
  return readImage(readFileSync(join(folder, 'crypto-bench'))).segments;
}

/** The runner as Cortex-M4 code for QEMU, in the arithmetic and with the flags of the agent for F427. */
export function buildQemuRunner(): string {
  const sources = ['port/bearssl/test/crypto_stream_qemu.c', 'port/cortex-m/memory.c'];
  const compiler = thumbCompiler('cortex-m4');
  const objects = objectsOf(compiler, 'm31', sources);
  // The board mps2-an386 has its code memory at 0.
  const script = readFileSync(join(agent, 'port/bearssl/test/bench.ld'), 'utf8').replaceAll(
    '0x08000000',
    '0x0',
  );
  const folder = link(compiler, objects, { name: 'crypto-qemu', flags: bareMetal, script });
  return join(folder, 'crypto-qemu');
}

/** Runs requests on QEMU, in one run of the board. */
export function runQemu(image: string, requests: readonly Request[]): Answer[] {
  const input = Buffer.concat(requests.map(encodeRequest));
  const args = [
    '-M',
    'mps2-an386',
    '-display',
    'none',
    '-monitor',
    'none',
    '-serial',
    'none',
    '-nic',
    'none',
  ];
  const host = ['-semihosting-config', 'enable=on,target=native', '-kernel', image];
  const run = spawnSync('qemu-system-arm', [...args, ...host], {
    input,
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
  if (run.status !== 0) throw new Error(`QEMU ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return decodeAnswers(run.stdout, requests.length);
}

const flashSizeBytes = 128 << 10;
const ramSizeBytes = 32 << 10;

/**
 * A Cortex-M0+ that runs the image. `run` gives the answer and the core's cycles from the request's
 * last byte to the answer's first.
 */
export class ThumbBench {
  readonly #flash = new Uint8Array(flashSizeBytes);
  readonly #ram = new Uint8Array(ramSizeBytes);
  readonly #core: CortexM0Core;
  #request: Uint8Array = new Uint8Array();
  #taken = 0;
  #answer: number[] = [];
  #isAnswered = false;
  #cyclesAtRequest = 0;
  #cyclesAtAnswer = 0;

  constructor(image: readonly Segment[]) {
    for (const { address, bytes } of image) this.#flash.set(bytes, address - 0x08000000);
    const nothing = () => {};
    const bus = {
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      onBreak: (code: number) => {
        throw new Error(`the core stopped: breakpoint ${code}`);
      },
      ...this.#memory(),
    };
    this.#core = new CortexM0Core(bus as unknown as ConstructorParameters<typeof CortexM0Core>[0]);
    this.#core.VTOR = 0x08000000;
    this.#core.reset();
  }

  /** Flash and RAM as arrays of each width: most of the time of a test is spent in these six functions. */
  #memory() {
    const [flash32, flash16] = [new Uint32Array(this.#flash.buffer), new Uint16Array(this.#flash.buffer)];
    const [ram32, ram16] = [new Uint32Array(this.#ram.buffer), new Uint16Array(this.#ram.buffer)];
    const offsetIn = (address: number, region: number, sizeBytes: number): number => {
      const offset = address & 0xffffff;
      if (address >>> 24 === region && offset < sizeBytes) return offset;
      throw new Error(`the bench has nothing at 0x${(address >>> 0).toString(16)}`);
    };
    const isFlash = (address: number) => address >>> 24 === 0x08;
    const inFlash = (address: number) => offsetIn(address, 0x08, flashSizeBytes);
    const inRam = (address: number) => offsetIn(address, 0x20, ramSizeBytes);
    return {
      readUint32: (a: number) => {
        if (isFlash(a)) return flash32[inFlash(a) >>> 2]!;
        return a >>> 24 === 0x40 ? this.#nextByte() : ram32[inRam(a) >>> 2]!;
      },
      readUint16: (a: number) => (isFlash(a) ? flash16[inFlash(a) >>> 1]! : ram16[inRam(a) >>> 1]!),
      readUint8: (a: number) => (isFlash(a) ? this.#flash[inFlash(a)]! : this.#ram[inRam(a)]!),
      writeUint32: (a: number, v: number) => {
        if (a >>> 24 === 0x40) this.#written(a & 0xff, v);
        else ram32[inRam(a) >>> 2] = v;
      },
      writeUint16: (a: number, v: number) => {
        ram16[inRam(a) >>> 1] = v;
      },
      writeUint8: (a: number, v: number) => {
        this.#ram[inRam(a)] = v;
      },
    };
  }

  #nextByte(): number {
    const byte = this.#request[this.#taken++];
    this.#cyclesAtRequest = this.#core.cycles;
    if (byte === undefined) throw new Error('the runner asks for more than the request');
    return byte;
  }

  #written(offset: number, value: number): void {
    if (offset === 4) {
      if (this.#answer.length === 0) this.#cyclesAtAnswer = this.#core.cycles;
      this.#answer.push(value);
    } else this.#isAnswered = true;
  }

  run(request: Request): Answer & { cycles: number } {
    this.#request = encodeRequest(request);
    this.#taken = 0;
    this.#answer = [];
    this.#isAnswered = false;
    while (!this.#isAnswered) this.#core.executeInstruction();
    const { answer } = decodeAnswer(Uint8Array.from(this.#answer));
    return { ...answer, cycles: this.#cyclesAtAnswer - this.#cyclesAtRequest };
  }
}

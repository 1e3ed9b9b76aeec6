// Prints flash and RAM of every machine-code build, and the cycles that its cryptography takes on a
// Cortex-M0+: the tables of docs/figures.md. Needs the Arm compiler: `node device/agent/sizes.ts`.

import { execFileSync } from 'node:child_process';
import { nodeCrypto } from '@firmseal/crypto-node';
import { buildThumbRunner, ThumbBench } from './port/bearssl/test/crypto-builds.ts';
import type { Request } from './port/bearssl/test/crypto-requests.ts';
import { knownAnswers } from './port/bearssl/test/known-answers.ts';
import type { Arithmetic } from './toolchain/bearssl.ts';
import { type ImageSize, imageSize } from './toolchain/image-size.ts';
import { anchorTargetOf, portedChips, targetOf } from './toolchain/targets.ts';
import { type AgentBuild, buildAgent } from './toolchain/thumb.ts';

const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`;

interface Shipping {
  readonly build: AgentBuild;
  readonly size: ImageSize;
}

interface Aim {
  readonly what: string;
  readonly bytes: (cpu: string) => number;
  readonly of: (size: ImageSize) => number;
}

/** A Cortex-M0+ takes more instructions for the same. */
const onCore = (kib: number, kibOnM0: number) => (cpu: string) =>
  (cpu === 'cortex-m0plus' ? kibOnM0 : kib) * 1024;

/** Issued as aims; bytes. */
const aims: readonly Aim[] = [
  { what: 'agent, flash', bytes: onCore(56, 64), of: ({ codeBytes }) => codeBytes },
  { what: 'agent, RAM', bytes: onCore(20, 20), of: ({ ramBytes }) => ramBytes },
];

const anchorAim: Aim = { what: 'anchor, flash', bytes: onCore(16, 24), of: ({ codeBytes }) => codeBytes };

/** What the build that ships makes of an aim: bytes above it, or how many are left. */
function aimRow({ what, bytes, of }: Aim, id: string, { build, size }: Shipping): string {
  const aim = bytes(build.target.cpu);
  const over = of(size) - aim;
  return row(id, what, aim, of(size), over <= 0 ? `yes, ${-over} left` : `no, ${over} above`);
}

function sizeRow(id: string): string {
  const build = buildAgent(targetOf(id));
  const { codeBytes, cryptoBytes, ramBytes } = imageSize(build);
  const rest = codeBytes - cryptoBytes;
  return row(id, build.target.cpu, codeBytes, rest, cryptoBytes, ramBytes, build.stackBytes);
}

function anchorRow(id: string): string {
  const build = buildAgent(anchorTargetOf(id));
  const { codeBytes, cryptoBytes, ramBytes } = imageSize(build);
  return row(id, build.target.cpu, codeBytes, codeBytes - cryptoBytes, cryptoBytes, ramBytes);
}

function arithmeticRow(id: string, arithmetic: Arithmetic): string {
  const build = buildAgent(targetOf(id, { arithmetic }));
  return row(build.target.cpu, arithmetic, imageSize(build).cryptoBytes, build.stackBytes);
}

const requestNamed = (name: string): Request => knownAnswers.find((known) => known.name === name)!.request;

/** A message that is refused costs the check alone; two lengths give the cost of a byte. */
function gcmRefuseCycles(bench: ThumbBench): number {
  const refused = (bytes: number): number => {
    const fields = [
      new Uint8Array(32),
      new Uint8Array(12),
      new Uint8Array(),
      new Uint8Array(bytes),
      new Uint8Array(16),
    ];
    return bench.run({ operation: 'gcmOpen', fields }).cycles;
  };
  return (refused(4096) - refused(1024)) / 3072;
}

function cycleRows(arithmetic: Arithmetic): string[] {
  const bench = new ThumbBench(buildThumbRunner(arithmetic));
  const cycles = (name: string) => bench.run(requestNamed(name)).cycles;
  const millions = (value: number) => `${(value / 1e6).toFixed(1)} M`;
  return [
    row(`public key, ${arithmetic}`, millions(cycles('public key, RFC 6979 A.2.5'))),
    row(`ECDH, ${arithmetic}`, millions(cycles('ECDH, RFC 5903 8.1'))),
    row(`sign, ${arithmetic}`, millions(cycles('signature of "sample", hedge 0000...'))),
    row(`verify, ${arithmetic}`, millions(cycles('verify: the signature'))),
  ];
}

function perByteRows(): string[] {
  const bench = new ThumbBench(buildThumbRunner());
  const sha = (bytes: number) => bench.run({ operation: 'sha256', fields: [new Uint8Array(bytes)] }).cycles;
  return [
    row('SHA-256, a byte', ((sha(5120) - sha(1024)) / 4096).toFixed(0)),
    row('AES-256-GCM, tag check, a byte', gcmRefuseCycles(bench).toFixed(0)),
    row('AES-256-GCM, tag check and decryption, a byte', gcmOpenCycles(bench).toFixed(0)),
  ];
}

/** Zeros sealed by node:crypto, at two lengths. */
function gcmOpenCycles(bench: ThumbBench): number {
  const key = new Uint8Array(32);
  const nonce = new Uint8Array(12);
  const opened = (bytes: number): number => {
    const sealed = nodeCrypto.aes256GcmSeal({
      key,
      nonce,
      aad: new Uint8Array(),
      plaintext: new Uint8Array(bytes),
    });
    const fields = [key, nonce, new Uint8Array(), sealed.slice(0, bytes), sealed.slice(bytes)];
    const answer = bench.run({ operation: 'gcmOpen', fields });
    if (!answer.accepted) throw new Error('the runner refused a good message');
    return answer.cycles;
  };
  return (opened(4096) - opened(1024)) / 3072;
}

function print(head: string, rows: readonly string[]): void {
  console.log([head, head.replaceAll(/[^|]+/g, ' --- '), ...rows, ''].join('\n'));
}

const compiler = execFileSync('arm-none-eabi-gcc', ['-dumpfullversion'], { encoding: 'utf8' }).trim();
const chips = portedChips();
const shipping = (build: AgentBuild): Shipping => ({ build, size: imageSize(build) });

console.log(`gcc ${compiler}; bytes\n`);
print('| Chip | Core | Flash | Without crypto | Crypto | RAM | Of that stack |', chips.map(sizeRow));
print('| Anchor | Core | Flash | Without crypto | Crypto | RAM |', chips.map(anchorRow));
print(
  '| Chip | What | Aim | Bytes | Kept |',
  chips.flatMap((id) => [
    ...aims.map((aim) => aimRow(aim, id, shipping(buildAgent(targetOf(id))))),
    aimRow(anchorAim, id, shipping(buildAgent(anchorTargetOf(id)))),
  ]),
);
print(
  '| Core | BearSSL arithmetic | Crypto | Stack |',
  // On the Cortex-M4 m15 would not fit the slot.
  [arithmeticRow('stm32f427', 'm31'), arithmeticRow('stm32g0b1', 'm15'), arithmeticRow('stm32g0b1', 'm31')],
);
print('| Operation on a Cortex-M0+ | Cycles |', [...cycleRows('m15'), ...cycleRows('m31'), ...perByteRows()]);

// Writes docs/agent-sizes.md: flash and RAM of every machine-code build, and the cycles that its cryptography takes on a
// Cortex-M0+. Needs the Arm compiler; run it after a change of the agent, `node device/agent/sizes.ts`.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCrypto } from '@firmseal/crypto-node';
import { buildThumbRunner, ThumbBench } from './port/bearssl/test/crypto-builds.ts';
import type { Request } from './port/bearssl/test/crypto-requests.ts';
import { knownAnswers } from './port/bearssl/test/known-answers.ts';
import type { Arithmetic } from './toolchain/bearssl.ts';
import { root } from './toolchain/cache.ts';
import { type ImageSize, imageSize } from './toolchain/image-size.ts';
import { portedChips, targetOf } from './toolchain/targets.ts';
import { buildAgent } from './toolchain/thumb.ts';

const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`;

/** Issued as aims; bytes. */
const aims = [
  {
    what: 'flash without crypto',
    bytes: 12 * 1024,
    of: (size: ImageSize) => size.codeBytes - size.cryptoBytes,
  },
  { what: 'flash', bytes: 36 * 1024, of: (size: ImageSize) => size.codeBytes },
  { what: 'RAM', bytes: 12 * 1024, of: (size: ImageSize) => size.ramBytes },
];

/** What the builds that ship make of an aim. */
function aimRow({ what, bytes, of }: (typeof aims)[number], sizes: ReadonlyMap<string, ImageSize>): string {
  const figures = [...sizes].map(([id, size]) => ({ id, figure: of(size) }));
  const kept = figures.filter(({ figure }) => figure <= bytes).map(({ id }) => id);
  const all = figures.map(({ figure }) => figure);
  return row(
    ...[what, bytes, `${Math.min(...all)} to ${Math.max(...all)}`],
    kept.length === 0 ? 'none' : kept.join(', '),
  );
}

function sizeRow(id: string, kind: 'shipping' | 'armv6m'): string {
  const build = buildAgent(targetOf(id, kind));
  const { codeBytes, cryptoBytes, ramBytes } = imageSize(build);
  const rest = codeBytes - cryptoBytes;
  return row(
    id,
    `${kind === 'shipping' ? 'ships' : 'model'}, ${build.target.cpu}`,
    codeBytes,
    rest,
    cryptoBytes,
    ramBytes,
    build.stackBytes,
  );
}

function arithmeticRow(id: string, arithmetic: Arithmetic): string {
  const build = buildAgent(targetOf(id, 'shipping', arithmetic));
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
    row(`sign, ${arithmetic}`, millions(cycles('signature with a low s, RFC 6979 A.2.5'))),
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

const compiler = execFileSync('arm-none-eabi-gcc', ['-dumpfullversion'], { encoding: 'utf8' }).trim();
const chips = portedChips();
const shipping = new Map(chips.map((id) => [id, imageSize(buildAgent(targetOf(id, 'shipping')))]));

const page = `# Size of the agent

Written by \`node device/agent/sizes.ts\` with gcc ${compiler}, \`-Os\` but for the files of BearSSL that sources.json lists as fast; bytes. The executables hold everything: vector table,
port, core, BearSSL, the few library functions. "Model" is the build of the same sources for a Cortex-M0+, to compare.

| chip | build | flash | without crypto | crypto | RAM | of that stack |
|---|---|---|---|---|---|---|
${chips.flatMap((id) => [sizeRow(id, 'shipping'), sizeRow(id, 'armv6m')]).join('\n')}

The stack is as deep as the longest path through the call graph, and a fault on top of it; the build refuses recursion, frames
of no fixed size and calls through pointers whose targets nobody named.

For comparison: MCUboot's users report 16,032 bytes for a Cortex-M0+ with a UART, and about 19 KB for a Cortex-M33 with
elliptic curves for signature and encryption
([discussion 1806](https://www.github.com/mcu-tools/mcuboot/discussions/1806) of mcu-tools/mcuboot). That is a boot loader: it
verifies an image that lies in flash. The agent speaks with the line itself, and has identity, licenses, journal, option
bytes and receipts besides.

## Aims
| what | aim | builds that ship | kept by |
|---|---|---|---|
${aims.map((aim) => aimRow(aim, shipping)).join('\n')}

The code without cryptography is more than twice its aim, and what is above the aim of the whole comes from there. It is spread over some
hundred functions: the largest are the license, the manifest and the order of an install, with every decision taken twice. Flags of
the compiler do not help: no jump tables, no tables for switches, no inlining of small functions or of those called once, and one data
section for each file were tried on 2026-11-28; each changed the whole by less than 1 % or made it larger. Optimization across files (-flto)
would take 5 % of the F427's (2.3 KB); it is not used, since it merges what the stack report and the glitch campaign know by function and by file. What helped were result words that fit into an
instruction (1 % on M4, M7 and M33). The files of the record path are compiled for speed, which costs 1.5 KB on the Cortex-M0+. The RAM aim is kept since long answers
stand in the end of the receive buffer; on the Cortex-M0+ the stack is deeper, since m15 takes more of it (below). The room in
the catalogue's layouts is 60 KiB and more.

## Which arithmetic
BearSSL has two. m15 needs a multiplier of 16 by 16 bits, m31 one of 32 by 32 to 64; crypto bytes and stack by core:

| core | arithmetic | crypto | stack |
|---|---|---|---|
${(['stm32f427', 'stm32g0b1'] as const).flatMap((id) => (['m15', 'm31'] as const).map((a) => arithmeticRow(id, a))).join('\n')}

A Cortex-M0+ has no long multiplication, and its m31 calls a function for each; the cycles below decide for m15. M4, M7 and
M33 have UMULL in constant time (BearSSL warns of the M3, where it is not), and m31 takes less of everything there.

## Cycles on a Cortex-M0+
Counted by the core of rp2040js between the last byte of a request and the first of the answer.

| operation | cycles |
|---|---|
${[...cycleRows('m15'), ...cycleRows('m31'), ...perByteRows()].join('\n')}

What the whole agent takes for a byte and for a session, beside the flash: [agent-speed.md](agent-speed.md).
`;
writeFileSync(join(root, 'docs/agent-sizes.md'), page);

// The UART bootloader's special commands: 0x50 carries data to an operation and data back, 0x51 two blocks
// there and a status back (AN3155, special and extended special command). The framing is here; what an
// operation does is given from outside. Codes and limits as ST's open bootloader documents them; that readout
// protection refuses them is unverified.

import type { Receiving } from './receiving.ts';

export const specialCodes = [0x50, 0x51] as const;

const mostData = 128;
const mostSecondData = 1024;

export interface SpecialAnswer {
  /** For 0x50 only. */
  readonly data?: Uint8Array;
  readonly status: Uint8Array;
}

export interface SpecialCommands {
  /** Operations that exist, 16 bits; others are refused before any data is taken. */
  readonly operations: ReadonlySet<number>;
  /** `second` is that of an extended command. */
  run(operation: number, data: Uint8Array, second: Uint8Array | undefined): SpecialAnswer;
}

export interface SpecialLine {
  /** Bytes of the host, as many as asked for. */
  readonly take: (count: number) => Receiving<Uint8Array>;
  readonly acknowledge: (accepted: boolean) => void;
  readonly send: (bytes: Uint8Array) => void;
}

const xorOf = (...parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, bytes) => bytes.reduce((inner, byte) => inner ^ byte, sum), 0);
const sized = (bytes: Uint8Array): number[] => [bytes.length >>> 8, bytes.length & 0xff, ...bytes];

/**
 * A block: its size in two bytes, most significant first, the data, the XOR of all;
 * undefined where that does not hold.
 */
function* block(line: SpecialLine, most: number): Receiving<Uint8Array | undefined> {
  const size = yield* line.take(2);
  const count = (size[0]! << 8) | size[1]!;
  if (count > most) return undefined;
  const data = yield* line.take(count);
  const [checksum] = yield* line.take(1);
  return xorOf(size, data) === checksum ? data : undefined;
}

/** Everything after the command's own acknowledgement. */
export function* specialCommand(code: number, commands: SpecialCommands, line: SpecialLine): Receiving<void> {
  const head = yield* line.take(3);
  const operation = (head[0]! << 8) | head[1]!;
  const known = xorOf(head) === 0 && commands.operations.has(operation);
  line.acknowledge(known);
  if (!known) return;
  const data = yield* block(line, mostData);
  line.acknowledge(data !== undefined);
  if (data === undefined) return;
  let second: Uint8Array | undefined;
  if (code === 0x51) {
    second = yield* block(line, mostSecondData);
    line.acknowledge(second !== undefined);
    if (second === undefined) return;
  }
  const { data: answer = new Uint8Array(0), status } = commands.run(operation, data, second);
  line.send(Uint8Array.from([...(code === 0x50 ? sized(answer) : []), ...sized(status)]));
  line.acknowledge(true);
}

// Adapter: DebugProbe for the debug port of a virtual chip served over TCP. One JSON object a line in each
// direction: {"op","address"?,"length"?,"bytes"?,"values"?} and {"bytes"?,"word"?,"values"?} or {"error"};
// bytes in hexadecimal, option bytes as [register, value] pairs. The server is the virtual chip's.

import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { fromHex, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { DebugProbe } from '@firmseal/programming';

interface ProbeAnswer {
  readonly bytes?: string;
  readonly word?: number;
  readonly values?: readonly (readonly [number, number])[];
  readonly error?: string;
}

interface ProbeRequest {
  readonly op:
    | 'connect'
    | 'read'
    | 'word'
    | 'erase'
    | 'program'
    | 'read-options'
    | 'write-options'
    | 'release';
  readonly address?: number;
  readonly length?: number;
  readonly bytes?: string;
  readonly values?: readonly (readonly [number, number])[];
}

const blockBytes = 16 * 1024;

/** A probe on one virtual chip; the connection is made by `connect()` and closed by `release()`. */
export function virtualProbe({ host, port }: { host: string; port: number }): DebugProbe {
  const probe = `virtual:${host}:${port}`;
  let socket: Socket | undefined;
  let lines: Interface | undefined;
  let answers: AsyncIterator<string> | undefined;

  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const opening = connect({ host, port }, resolve);
      opening.once('error', (cause) => reject(new Fault('probe-unreachable', { probe }, { cause })));
      socket = opening;
      lines = createInterface({ input: opening });
      answers = lines[Symbol.asyncIterator]();
    });

  const exchange = async (request: ProbeRequest): Promise<ProbeAnswer> => {
    socket?.write(`${JSON.stringify(request)}\n`);
    const lost = (cause: unknown): never => {
      throw new Fault('probe-unreachable', { probe }, { cause });
    };
    const line = await answers?.next().catch(lost);
    if (line === undefined || line.done === true) throw new Fault('probe-unreachable', { probe });
    return JSON.parse(line.value) as ProbeAnswer;
  };
  const ask = async (request: ProbeRequest): Promise<ProbeAnswer> => {
    const answer = await exchange(request);
    if (answer.error === undefined) return answer;
    if (request.op === 'connect') throw new Fault('probe-refused', { probe });
    const address = `0x${(request.address ?? 0).toString(16)}`;
    throw new Fault('probe-failed', { probe, operation: request.op, address, reason: answer.error });
  };

  return {
    async connect() {
      await open();
      await ask({ op: 'connect' });
    },
    async readMemory(address, lengthBytes) {
      const bytes = new Uint8Array(lengthBytes);
      for (let offset = 0; offset < lengthBytes; offset += blockBytes) {
        const length = Math.min(blockBytes, lengthBytes - offset);
        const part = await ask({ op: 'read', address: address + offset, length });
        bytes.set(fromHex(part.bytes ?? ''), offset);
      }
      return bytes;
    },
    async readWord(address) {
      return (await exchange({ op: 'word', address })).word;
    },
    async readOptionBytes() {
      return new Map((await ask({ op: 'read-options' })).values);
    },
    async writeOptionBytes(values) {
      await ask({ op: 'write-options', values: [...values] });
    },
    async eraseUnit(address) {
      await ask({ op: 'erase', address });
    },
    async program(address, bytes) {
      for (let offset = 0; offset < bytes.length; offset += blockBytes) {
        const block = bytes.subarray(offset, offset + blockBytes);
        await ask({ op: 'program', address: address + offset, bytes: toHex(block) });
      }
    },
    async release() {
      await ask({ op: 'release' });
      lines?.close();
      socket?.end();
    },
  };
}

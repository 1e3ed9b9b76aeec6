// The debug port of a virtual chip over TCP, for the trusted site of a line that exists in software only: one
// JSON object a line, {"op","address"?,"length"?,"bytes"?,"values"?} in, {"bytes"?,"word"?,"values"?} or
// {"error"} out, bytes in hexadecimal, option bytes as [register, value] pairs. What the chip refuses a
// debugger it refuses here. Real clients get the wire protocols of real probes instead.

import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { VirtualChip } from '../chip/virtual-chip.ts';

interface ProbeRequest {
  readonly op?: unknown;
  readonly address?: unknown;
  readonly length?: unknown;
  readonly bytes?: unknown;
  readonly values?: unknown;
}

type Outcome = { bytes?: string; word?: number; values?: [number, number][] } | { error: string };

const maxReadBytes = 64 * 1024;
const maxLineCharacters = 4 * maxReadBytes;

const outcomeOf = (status: string): Outcome =>
  status === 'ok' || status === 'connected' ? {} : { error: status };

const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;

const isPair = (pair: unknown): pair is [number, number] =>
  Array.isArray(pair) && pair.length === 2 && pair.every((one) => isCount(one, 0xffff_ffff));

/** The option bytes in force, by register. */
function readOptions({ debug, chip }: VirtualChip): Outcome {
  const values: [number, number][] = [];
  for (const { id } of chip.options.registers) {
    const value = debug.readOption(id);
    if (typeof value !== 'number') return { error: value ?? 'refused' };
    values.push([id, value]);
  }
  return { values };
}

function perform(chip: VirtualChip, { op, address, length, bytes, values }: ProbeRequest): Outcome {
  if (op === 'connect') return outcomeOf(chip.debug.connect());
  if (op === 'release') {
    // The jig takes the power away: a part that saw a debugger and is then protected
    // would fault on its own flash.
    chip.debug.disconnect();
    chip.powerOff();
    chip.powerOn();
    return {};
  }
  if (op === 'read-options') return readOptions(chip);
  if (op === 'write-options' && Array.isArray(values) && values.every(isPair))
    return outcomeOf(chip.debug.writeOptionBytes(new Map(values)));
  if (!isCount(address, 0xffff_ffff)) return { error: 'address-malformed' };
  if (op === 'word') {
    const word = chip.debug.readWord(address);
    return typeof word === 'string' ? { error: word } : { word };
  }
  if (op === 'erase') return outcomeOf(chip.debug.eraseUnit(address));
  if (op === 'read' && isCount(length, maxReadBytes)) {
    const found = chip.debug.readMemory(address, length);
    return typeof found === 'string' ? { error: found } : { bytes: Buffer.from(found).toString('hex') };
  }
  if (op === 'program' && typeof bytes === 'string') {
    return outcomeOf(chip.debug.programFlash(address, new Uint8Array(Buffer.from(bytes, 'hex'))));
  }
  return { error: 'request-unknown' };
}

function serveClient(chip: VirtualChip, socket: Socket): void {
  let waitingCharacters = 0;
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    waitingCharacters = text.includes('\n') ? 0 : waitingCharacters + text.length;
    if (waitingCharacters > maxLineCharacters) socket.destroy();
  });
  const lines = createInterface({ input: socket });
  // It repeats the errors of its socket: a client that is killed resets the connection.
  lines.on('error', () => socket.destroy());
  lines.on('line', (line) => {
    let outcome: Outcome;
    try {
      chip.powerOn();
      outcome = perform(chip, JSON.parse(line) as ProbeRequest);
    } catch {
      outcome = { error: 'request-malformed' };
    }
    socket.write(`${JSON.stringify(outcome)}\n`);
  });
}

/** Serves the chip's debug port on a loopback port; 0 lets the system choose. Resolves when it listens. */
export function serveProbe(chip: VirtualChip, port: number): Promise<Server> {
  const server = createServer((socket) => serveClient(chip, socket));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

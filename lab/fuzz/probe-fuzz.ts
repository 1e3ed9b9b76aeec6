// Fuzzing of the debug probes: CMSIS-DAP packets and ST-LINK commands in process, frames of the stlink-server
// protocol and of USB/IP over sockets. Nothing throws, no answer is longer than a packet, and protected flash
// neither gets out nor changes. Every so often the power goes off and on, and a clean session over the same
// probe still writes and reads memory.

import { type AddressInfo, createConnection, type Server, type Socket } from 'node:net';
import type { Chip } from '@firmseal/chips';
import {
  CmsisDapCommands,
  cmsisDapBulk,
  probeTarget,
  StlinkCommands,
  serveStlink,
  serveUsbip,
  UsbControl,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { type FuzzOptions, type FuzzReport, Run } from './fuzz-run.ts';
import {
  dapPacket,
  stlinkFrame,
  stlinkInput,
  stlinkSequenceFrame,
  usbipFrame,
  usbipSequenceFrame,
} from './probe-inputs.ts';
import { readSramByDap, readSramByStlink } from './probe-session.ts';

const packetBytes = 512;

/** What stands for one chip as long as it is the run's. */
class PerChip<T> {
  readonly #make: (chip: VirtualChip) => T;
  #chip: VirtualChip | undefined;
  #made: T | undefined;

  constructor(make: (chip: VirtualChip) => T) {
    this.#make = make;
  }

  of(chip: VirtualChip): T {
    if (this.#chip !== chip || this.#made === undefined) this.#made = this.#make(chip);
    this.#chip = chip;
    return this.#made;
  }
}

type PacketProbe = Pick<CmsisDapCommands, 'run'>;

/** `make` gives the probe under test for a chip; the package's own when absent. */
export async function fuzzCmsisDap(
  options: FuzzOptions,
  make: (chip: VirtualChip) => PacketProbe = (chip) =>
    new CmsisDapCommands(probeTarget(chip), { packetSizeBytes: packetBytes }),
): Promise<FuzzReport> {
  const run = new Run({ ...options, boot0High: false });
  const probes = new PerChip(make);
  await run.all(
    () => {
      const { target } = run;
      for (const answer of probes.of(target.chip).run(dapPacket(run.random, packetBytes, target.chip.chip))) {
        if (answer.length > packetBytes) throw new Error(`an answer of ${answer.length} bytes`);
        target.check(answer);
      }
      target.check([]);
    },
    (content) => readSramByDap(run.target.chip, probes.of(run.target.chip), content),
  );
  return run.report();
}

export async function fuzzStlink(options: FuzzOptions): Promise<FuzzReport> {
  const run = new Run({ ...options, boot0High: false });
  const probes = new PerChip((chip) => new StlinkCommands(probeTarget(chip)));
  await run.all(
    () => {
      const { command, data } = stlinkInput(run.random, run.target.chip.chip);
      run.target.check(probes.of(run.target.chip).run(command, data));
    },
    (content) => readSramByStlink(run.target.chip, probes.of(run.target.chip), content),
  );
  return run.report();
}

const opened = (server: Server): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });

/**
 * Several frames in one write; resolves when the server has taken them: it answered,
 * closed, or had a turn of its loop.
 */
async function send(socket: Socket, frames: readonly Uint8Array[]): Promise<void> {
  const whole = Buffer.concat(frames);
  await new Promise<void>((resolve) => socket.write(whole, () => resolve()));
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface SocketDoor {
  readonly serve: (chip: VirtualChip) => Promise<Server>;
  /** What a client sends before frames have a meaning. */
  readonly hello: Uint8Array;
  readonly frame: (random: Run['random']) => Uint8Array;
  /** A whole operation of the flash controller; sent alone, so that it is known what it did. */
  readonly sequence: (random: Run['random'], chip: Chip) => Uint8Array;
}

const framesAWrite = 8;
/** Of the moments when no frame waits: once in so many an operation of the flash controller is sent. */
const singlesEvery = 5;

async function fuzzSocket(options: FuzzOptions, door: SocketDoor): Promise<FuzzReport> {
  const run = new Run({ ...options, boot0High: false });
  let server: Server | undefined;
  let socket: Socket | undefined;
  let of: VirtualChip | undefined;
  const received: Uint8Array[] = [];
  const connected = async (): Promise<Socket> => {
    if (of !== run.target.chip) {
      socket?.destroy();
      server?.close();
      server = await door.serve(run.target.chip);
      of = run.target.chip;
      socket = undefined;
    }
    if (socket === undefined || socket.destroyed || socket.readableEnded) {
      socket = await opened(server!);
      socket.on('error', () => {});
      socket.on('data', (bytes) => received.push(bytes));
      socket.write(door.hello);
    }
    return socket;
  };
  let waiting: Uint8Array[] = [];
  await run.all(
    async () => {
      const { random, target } = run;
      if (waiting.length === 0 && random.below(singlesEvery) === 0) {
        await send(await connected(), [door.sequence(random, target.chip.chip)]);
        target.check(Buffer.concat(received.splice(0)));
        return;
      }
      waiting.push(door.frame(random));
      if (waiting.length < framesAWrite) return;
      const frames = waiting;
      waiting = [];
      await send(await connected(), frames);
      target.check(Buffer.concat(received.splice(0)));
    },
    (content) => readSramByStlink(run.target.chip, new StlinkCommands(probeTarget(run.target.chip)), content),
  );
  socket?.destroy();
  server?.close();
  return run.report();
}

export const fuzzStlinkServer = (options: FuzzOptions): Promise<FuzzReport> =>
  fuzzSocket(options, {
    serve: (chip) => serveStlink(new StlinkCommands(probeTarget(chip))),
    hello: new Uint8Array(0),
    frame: stlinkFrame,
    sequence: stlinkSequenceFrame,
  });

const importRequest = Buffer.concat([
  Buffer.from([0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0]),
  Buffer.from('1-1'.padEnd(32, '\0')),
]);

/** A configured CMSIS-DAP probe behind USB/IP. */
export const fuzzUsbip = (options: FuzzOptions): Promise<FuzzReport> =>
  fuzzSocket(options, {
    serve: async (chip) => {
      const device = cmsisDapBulk(probeTarget(chip));
      const setup = { requestType: 0, request: 9, value: 1, index: 0, length: 0 };
      await new UsbControl(device).handle(setup, new Uint8Array(0));
      return serveUsbip([{ busId: '1-1', device }], { port: 0 });
    },
    hello: importRequest,
    frame: usbipFrame,
    sequence: usbipSequenceFrame,
  });

// The doors of a board that are asked for: link and JSON debug port (what `firmseal personalize` and
// `install` use), UART as pseudo-terminal or TCP, USB by USB/IP, a debug probe by ST's stlink-server protocol
// or as a USB device. All on the loopback interface.

import type { AddressInfo, Server } from 'node:net';
import { Fault } from '@firmseal/fault';
import {
  ChipUsbPort,
  cmsisDapBulk,
  cmsisDapHid,
  openPseudoTerminal,
  type Pacer,
  probeTarget,
  RealTimePacer,
  StlinkCommands,
  serveLink,
  serveProbe,
  serveStlink,
  serveUart,
  serveUsbip,
  stlinkUsb,
  UartDoor,
  type UsbipPort,
  unpaced,
} from '@firmseal/virtual-stm32';
import type { Board } from './board.ts';

/** `stlink` speaks the stlink-server protocol over TCP; the others are USB devices. */
export const probeKinds = ['stlink', 'stlink-usb', 'cmsis-dap', 'cmsis-dap-v1'] as const;
type ProbeKind = (typeof probeKinds)[number];
type UsbProbeKind = Exclude<ProbeKind, 'stlink'>;

const usbProbes = {
  'stlink-usb': stlinkUsb,
  'cmsis-dap': cmsisDapBulk,
  'cmsis-dap-v1': cmsisDapHid,
} as const;

export interface DoorPlan {
  /** First port of each kind, the next chip has the next; 0: the system chooses. */
  readonly linkPort: number;
  readonly probePort: number;
  readonly uart?: 'pty' | 'tcp' | undefined;
  readonly uartPort: number;
  readonly usb: boolean;
  readonly usbPort: number;
  readonly debug?: ProbeKind | undefined;
  readonly debugPort: number;
  /** `real`: answers come when the simulated time of the chip has really passed. */
  readonly clock: 'free' | 'real';
  /** Time of bytes on the UART; undefined: none. */
  readonly baud?: number | undefined;
}

/** Where a chip's doors are. */
export interface Doors {
  readonly linkPort: number;
  readonly probePort: number;
  /** Path of the terminal, or a TCP port. */
  readonly uart?: string | number;
  readonly usb?: { readonly port: number; readonly busId: string };
  readonly stlinkPort?: number;
  readonly probeUsb?: UsbProbeDoor;
}

/** A debug probe on USB/IP: where it is, and the serial number by which a debugger tells probes apart. */
export interface UsbProbeDoor {
  readonly kind: UsbProbeKind;
  readonly port: number;
  readonly busId: string;
  readonly serial: string;
}

export interface OpenDoors {
  /** In the order of the boards. */
  readonly doors: readonly Doors[];
  close(): Promise<void>;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listening(opened: Promise<Server>, closers: (() => unknown)[], port: number): Promise<number> {
  try {
    const server = await opened;
    closers.push(() => server.close());
    return portOf(server);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Fault('port-unavailable', { port, reason }, { cause: error });
  }
}

/** What is known of a chip's doors before the USB/IP server of all chips listens. */
interface Opened extends Omit<Doors, 'usb' | 'probeUsb'> {
  readonly usbBusId?: string;
  readonly usbProbe?: Omit<UsbProbeDoor, 'port'>;
}

class DoorOpener {
  readonly closers: (() => unknown)[] = [];
  readonly usbPorts: UsbipPort[] = [];
  readonly #plan: DoorPlan;

  constructor(plan: DoorPlan) {
    this.#plan = plan;
  }

  #pacer({ chip }: Board): Pacer {
    return this.#plan.clock === 'real' ? new RealTimePacer(chip.clock.nowUs) : unpaced;
  }

  #port(first: number, { number }: Board): number {
    return first === 0 ? 0 : first + number - 1;
  }

  async open(board: Board): Promise<Opened> {
    const { linkPort, probePort, uart, usb, debug } = this.#plan;
    const { chip } = board;
    const wanted = { link: this.#port(linkPort, board), probe: this.#port(probePort, board) };
    const link = await listening(serveLink(chip, wanted.link), this.closers, wanted.link);
    const probe = await listening(serveProbe(chip, wanted.probe), this.closers, wanted.probe);
    return {
      ...{ linkPort: link, probePort: probe },
      ...(uart === undefined ? {} : { uart: await this.#openUart(board, uart) }),
      ...(debug === 'stlink' ? { stlinkPort: await this.#openStlink(board) } : {}),
      ...(usb ? { usbBusId: this.#plugIn(board) } : {}),
      ...(debug === undefined || debug === 'stlink' ? {} : { usbProbe: this.#plugInProbe(board, debug) }),
    };
  }

  /** Link and UART are two plugs of one line: what the chip says goes to both. */
  async #openUart(board: Board, kind: 'pty' | 'tcp'): Promise<string | number> {
    const { chip } = board;
    const { baud } = this.#plan;
    const toLink = chip.onLink;
    const door = new UartDoor(chip, {
      pacer: this.#pacer(board),
      ...(baud === undefined ? {} : { lineBaud: baud }),
    });
    const toUart = chip.onLink;
    chip.onLink = (bytes) => {
      toLink(bytes);
      toUart(bytes);
    };
    this.closers.push(() => door.close());
    if (kind === 'tcp') {
      const port = this.#port(this.#plan.uartPort, board);
      return listening(serveUart(door, port), this.closers, port);
    }
    try {
      const terminal = await openPseudoTerminal(door);
      this.closers.push(() => terminal.close());
      return terminal.path;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Fault('terminal-unavailable', { chip: board.number, reason }, { cause: error });
    }
  }

  #openStlink(board: Board): Promise<number> {
    const port = this.#port(this.#plan.debugPort, board);
    const serial = `066FFF${String(board.number).padStart(18, '0')}`;
    const served = serveStlink(new StlinkCommands(probeTarget(board.chip)), { port, serial });
    return listening(served, this.closers, port);
  }

  /** Chips have bus 1. */
  #plugIn(board: Board): string {
    const port = new ChipUsbPort(board.chip, this.#pacer(board));
    const busId = `1-${board.number}`;
    this.closers.push(() => port.close());
    this.usbPorts.push({
      busId,
      get device() {
        return port.device;
      },
    });
    return busId;
  }

  /** Their probes have bus 2. */
  #plugInProbe({ chip, number }: Board, kind: UsbProbeKind): Omit<UsbProbeDoor, 'port'> {
    const busId = `2-${number}`;
    const serial = `firmseal-${number}`;
    this.usbPorts.push({ busId, device: usbProbes[kind](probeTarget(chip), { serial }) });
    return { kind, busId, serial };
  }
}

/** Opens them all, or none: throws `port-unavailable`, `terminal-unavailable`. */
export async function openDoors(boards: readonly Board[], plan: DoorPlan): Promise<OpenDoors> {
  const opener = new DoorOpener(plan);
  const close = async (): Promise<void> => {
    await Promise.all(opener.closers.splice(0).map((one) => one()));
  };
  try {
    const opened: Opened[] = [];
    for (const board of boards) opened.push(await opener.open(board));
    if (opener.usbPorts.length === 0) return { doors: opened, close };
    const server = serveUsbip(opener.usbPorts, { port: plan.usbPort });
    const port = await listening(server, opener.closers, plan.usbPort);
    const doors = opened.map(({ usbBusId, usbProbe, ...others }) => ({
      ...others,
      ...(usbBusId === undefined ? {} : { usb: { port, busId: usbBusId } }),
      ...(usbProbe === undefined ? {} : { probeUsb: { ...usbProbe, port } }),
    }));
    return { doors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

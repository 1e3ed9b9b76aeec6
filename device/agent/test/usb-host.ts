// A USB host in the same process: control transfers to whatever the virtual chip shows on its
// connector, and DFU's loop of download and GETSTATUS as DFU 1.1 section 7 has it. It waits for
// nothing: the chip works at once.

import { type BoardUsb, encodeBoardBlock, findBoard, type Oscillator } from '@firmseal/boards';
import { ChipUsbPort, UsbControl, UsbDetached, type VirtualChip } from '@firmseal/virtual-stm32';

export interface DfuStatus {
  readonly status: number;
  readonly pollMs: number;
  readonly state: number;
}

export const dfuState = {
  idle: 2,
  downloadIdle: 5,
  manifest: 7,
  waitReset: 8,
  uploadIdle: 9,
  error: 10,
} as const;
const busy = [3, 4];
const none = new Uint8Array(0);
export const transferBytes = 1024;

/** Its own oscillator is too inexact for USB; a virtual chip has a crystal of 8 MHz. */
const needsCrystal = ({ id }: VirtualChip['chip']): boolean => id.startsWith('stm32f4');

/** The block of ST's board with a chip, with other settings of USB. */
export function usbBlock(
  chip: VirtualChip['chip'],
  usb: Partial<BoardUsb> = {},
  oscillator: Oscillator = needsCrystal(chip)
    ? { kind: 'crystal', frequencyHz: 8_000_000 }
    : { kind: 'internal' },
) {
  const { settings } = findBoard(needsCrystal(chip) ? 'nucleo-f429zi' : 'nucleo-h743zi');
  return encodeBoardBlock({ ...settings, oscillator, usb: { ...settings.usb!, ...usb } }, chip);
}

/** Writes such a block into a chip whose debug port is open, and resets it. */
export function putBoard({ chip }: { chip: VirtualChip }, usb: Partial<BoardUsb>): void {
  chip.powerOff();
  chip.powerOn();
  chip.debug.connect();
  const status = chip.debug.programFlash(chip.chip.layout.board.addressStart, usbBlock(chip.chip, usb));
  if (status !== 'ok') throw new Error(`the debug port answers ${status}`);
  chip.powerOff();
  chip.powerOn();
}

/** The agent answered a STALL. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

export class UsbHost {
  readonly #port: ChipUsbPort;
  #control: UsbControl | undefined;
  #block = 0;
  /** Longest poll time-out seen. */
  longestPollMs = 0;

  constructor(chip: VirtualChip) {
    this.#port = new ChipUsbPort(chip);
  }

  /** Whether a device is on the bus. */
  get present(): boolean {
    return this.#port.device !== undefined;
  }

  /** A new enumeration: configuration 1, and the alternate setting. */
  async open(alternate = 0): Promise<void> {
    const { device } = this.#port;
    if (device === undefined) throw new UsbDetached();
    this.#control = new UsbControl(device);
    await this.out(0x00, 9, 1, none);
    await this.out(0x01, 11, alternate, none);
  }

  async out(requestType: number, request: number, value: number, data: Uint8Array): Promise<void> {
    const setup = { requestType, request, value, index: 0, length: data.length };
    if ((await this.#control!.handle(setup, data)) === undefined) throw new Stalled();
  }

  async in(
    requestType: number,
    request: number,
    value = 0,
    options: { index?: number; length?: number } = {},
  ): Promise<Uint8Array> {
    const { index = 0, length = transferBytes } = options;
    const answer = await this.#control!.handle({ requestType, request, value, index, length }, none);
    if (answer === undefined) throw new Stalled();
    return answer;
  }

  download = (data: Uint8Array) => this.out(0x21, 1, this.#block++ & 0xffff, data);
  upload = (length = transferBytes) => this.in(0xa1, 2, 0, { length });
  clearStatus = () => this.out(0x21, 4, 0, none);
  abort = () => this.out(0x21, 6, 0, none);
  state = async () => (await this.in(0xa1, 5, 0, { length: 1 }))[0]!;

  async status(): Promise<DfuStatus> {
    const bytes = await this.in(0xa1, 3, 0, { length: 6 });
    const pollMs = bytes[1]! | (bytes[2]! << 8) | (bytes[3]! << 16);
    this.longestPollMs = Math.max(this.longestPollMs, pollMs);
    return { status: bytes[0]!, pollMs, state: bytes[4]! };
  }

  /** Number of the fault and the record awaited: the vendor request of spec/link.md section 5.5. */
  async fault(): Promise<readonly [number, number]> {
    const bytes = await this.in(0xc1, 3, 0, { length: 8 });
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return [view.getUint32(0, true), view.getUint32(4, true)];
  }

  /** GETSTATUS until the device is no longer busy with a block. */
  async settle(): Promise<DfuStatus> {
    for (;;) {
      const status = await this.status();
      if (!busy.includes(status.state)) return status;
    }
  }

  /** Sends a file without its end; the status after the block that failed, or the last. */
  async send(file: Uint8Array): Promise<DfuStatus> {
    let status: DfuStatus = { status: 0, pollMs: 0, state: dfuState.downloadIdle };
    for (let at = 0; at < file.length && status.state === dfuState.downloadIdle; at += transferBytes) {
      await this.download(file.subarray(at, at + transferBytes));
      status = await this.settle();
    }
    return status;
  }

  /** Sends the end of the file; the first status that is neither busy nor dfuMANIFEST. */
  async finish(): Promise<DfuStatus> {
    await this.download(none);
    for (;;) {
      const status = await this.settle();
      if (status.state !== dfuState.manifest) return status;
    }
  }

  close(): void {
    this.#port.close();
  }
}

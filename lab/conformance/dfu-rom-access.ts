// Cells of the DfuSe ROM bootloader: every command of AN3156, each on a chip of its own.

import type { ReadoutLevel } from '@firmseal/chips';
import { ChipUsbPort, UsbControl, UsbDetached } from '@firmseal/virtual-stm32';
import type { AccessCell } from './access-cell.ts';
import { keepsContent, romChip } from './rom-chip.ts';

const getStatus = 3;
const dfuError = 10;
/** DFU 1.1 section 6.1.2. */
const statusNames: Readonly<Record<number, string>> = {
  1: 'errTARGET',
  3: 'errWRITE',
  8: 'errADDRESS',
  11: 'errVENDOR',
  14: 'errUNKNOWN',
  15: 'errSTALLEDPKT',
};

const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** A DNLOAD with its bytes, or an UPLOAD of so many. */
type Step = { readonly block: number; readonly bytes: readonly number[] } | { readonly upload: number };

function attempts(flashStart: number): { action: string; steps: Step[] }[] {
  const setAddress = (address: number): Step => ({ block: 0, bytes: [0x21, ...littleEndian(address)] });
  return [
    { action: 'set address', steps: [setAddress(flashStart)] },
    { action: 'set address outside memory', steps: [setAddress(0x60000000)] },
    { action: 'read flash', steps: [{ upload: 32 }] },
    { action: 'write flash', steps: [{ block: 2, bytes: new Array<number>(32).fill(0x00) }] },
    { action: 'erase unit', steps: [{ block: 0, bytes: [0x41, ...littleEndian(flashStart)] }] },
    { action: 'erase outside flash', steps: [{ block: 0, bytes: [0x41, ...littleEndian(0x20000000)] }] },
    { action: 'mass erase', steps: [{ block: 0, bytes: [0x41] }] },
    { action: 'leave', steps: [{ block: 2, bytes: [] }] },
    { action: 'readout unprotect', steps: [{ block: 0, bytes: [0x92] }] },
  ];
}

class Host {
  readonly #control: UsbControl;

  constructor(control: UsbControl) {
    this.#control = control;
  }

  in(request: number, value: number, length: number) {
    const setup = { requestType: 0xa1, request, value, index: 0, length };
    return this.#control.handle(setup, new Uint8Array(0));
  }

  out(request: number, value: number, bytes: readonly number[]) {
    const setup = { requestType: 0x21, request, value, index: 0, length: bytes.length };
    return this.#control.handle(setup, Uint8Array.from(bytes));
  }

  /**
   * The error that the device is in; undefined when it is in none. Two polls: the
   * first starts what is pending.
   */
  async error(): Promise<string | undefined> {
    await this.in(getStatus, 0, 6);
    const status = (await this.in(getStatus, 0, 6))!;
    return status[4] === dfuError ? statusNames[status[0]!] : undefined;
  }

  async run(step: Step): Promise<string | undefined> {
    if ('upload' in step) {
      const bytes = await this.in(2, 2, step.upload);
      return bytes === undefined ? this.error() : undefined;
    }
    await this.out(1, step.block, step.bytes);
    return this.error();
  }
}

async function attempt(
  port: ChipUsbPort,
  steps: readonly Step[],
): Promise<Pick<AccessCell, 'outcome' | 'answer'>> {
  const { device } = port;
  if (device === undefined) return { outcome: 'no-answer', answer: 'no bootloader' };
  const host = new Host(new UsbControl(device));
  try {
    for (const step of steps) {
      const error = await host.run(step);
      if (error !== undefined) return { outcome: 'refused', answer: error };
    }
  } catch (error) {
    if (!(error instanceof UsbDetached)) throw error;
    return { outcome: 'done', answer: 'left the bus' };
  }
  return { outcome: 'done', answer: 'OK' };
}

export async function dfuRomAccess(id: string, level: ReadoutLevel): Promise<AccessCell[]> {
  const cells: AccessCell[] = [];
  for (const { action, steps } of attempts(romChip(id, level).chip.flash.addressStart)) {
    const chip = romChip(id, level);
    const port = new ChipUsbPort(chip);
    const result = await attempt(port, steps);
    port.close();
    cells.push({
      ...{ chip: id, door: 'dfu-rom', level, action, ...result },
      ...{ levelAfter: chip.judge.readoutLevel, contentKept: keepsContent(chip) },
    });
  }
  return cells;
}

// An application played on a virtual chip: puts a package into flash as spec/agent.md
// section 11 says, resets, reads what the agent left for it. Tests tell it what to do next; any
// byte on the link makes it do that.

import { equalBytes } from '@firmseal/bytes';
import { agentVectors, type Chip, eraseUnitAt, statusPlace } from '@firmseal/chips';
import type { CpuPort, ExecutorFactory, FirmwareExecutor } from '@firmseal/virtual-stm32';
import type { Line } from './line.ts';
import { confirmPlace, flashConfirmation } from './trial-application.ts';

/** Bytes before the file: request and result. */
export const fileOffset = 64;
const markBytes = 32;

function mark(word: number, value: number): Uint8Array {
  const half = [word, value, ~word, ~value];
  return new Uint8Array(Uint32Array.from([...half, ...half], (one) => one >>> 0).buffer);
}

const requestWord = 0x66735001;
const resultWord = 0x66734401;

/** What the agent noted beside a staged package: the number of a fault, 0, or undefined. */
export function resultOf(line: Line, address: number): number | undefined {
  const bytes = line.chip.judge.flash(address + markBytes, markBytes);
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  return equalBytes(bytes, mark(resultWord, number)) ? number : undefined;
}

/** Whether a request stands there that the agent would take. */
export function asks(line: Line, address: number): boolean {
  const bytes = line.chip.judge.flash(address, markBytes);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  return equalBytes(bytes, mark(requestWord, length));
}

function expectOk(status: string): void {
  if (status !== 'ok') throw new Error(`the flash of the application answers ${status}`);
}

/** Erases, writes the file, then the request. `lengthBytes`: another one than that of the file. */
export function stage(cpu: CpuPort, address: number, file: Uint8Array, lengthBytes = file.length): void {
  const end = address + fileOffset + file.length;
  for (let at = address; at < end; ) {
    const unit = eraseUnitAt(cpu.chip, at)!;
    expectOk(cpu.eraseUnit(at));
    at = unit.addressStart + unit.sizeBytes;
  }
  const grain = cpu.chip.write.unitBytes;
  const whole = new Uint8Array(Math.ceil(file.length / grain) * grain).fill(0xff);
  whole.set(file);
  expectOk(cpu.programUnits(address + fileOffset, whole));
  expectOk(cpu.programUnits(address, mark(requestWord, lengthBytes)));
}

export interface Status {
  readonly lifeCycle: number;
  readonly securityCounter: number;
  readonly receipt: Uint8Array<ArrayBuffer>;
}

function readStatus(cpu: CpuPort): Status {
  const place = statusPlace(cpu.chip);
  const bytes = cpu.readRam(place.addressStart, place.length);
  if (typeof bytes === 'string') throw new Error('the status cannot be read');
  const view = new DataView(bytes.buffer);
  const [lifeCycle, securityCounter] = [view.getUint32(8, true), view.getUint32(12, true)];
  return { lifeCycle, securityCounter, receipt: bytes.slice(68, 68 + view.getUint32(28, true)) };
}

export class StagingPlayer implements ExecutorFactory {
  /** What the application does with the next byte. */
  next: (cpu: CpuPort) => void = () => {};
  /** Whether it confirms itself on trial, in flash. */
  confirms = true;
  /** Vector tables of the applications that started, oldest first, with what each found. */
  readonly started: { readonly address: number; readonly status: Status }[] = [];

  recognizes({ boot, chip }: CpuPort): boolean {
    const ours = [chip.layout.anchor.addressStart, agentVectors(chip)];
    return boot.from === 'flash' && !ours.includes(boot.address);
  }

  create(): FirmwareExecutor {
    let cpu: CpuPort | undefined;
    return {
      start: (port) => {
        cpu = port;
        const { address } = port.boot;
        const status = readStatus(port);
        this.started.push({ address, status });
        const place = confirmPlace(port.chip, address);
        if (!this.confirms || status.lifeCycle !== 5) return;
        const blank = port.readFlash(place, markBytes);
        if (typeof blank !== 'string' && blank.every((byte) => byte === 0xff))
          expectOk(port.programUnits(place, flashConfirmation));
      },
      receive: () => this.next(cpu!),
    };
  }
}

/** Where the erase units of a chip's first slot begin. */
export function unitsOf({ layout, flash }: Chip): number[] {
  const { storeStart, length } = layout.slots[0]!;
  return flash.eraseUnits
    .map(({ addressStart }) => addressStart)
    .filter((start) => start >= storeStart && start < storeStart + length);
}

/** The application does it, and resets. */
export function act(line: Line, player: StagingPlayer, action: (cpu: CpuPort) => void): void {
  player.next = (cpu) => {
    action(cpu);
    cpu.systemReset();
  };
  line.chip.receive(Uint8Array.of(0));
}

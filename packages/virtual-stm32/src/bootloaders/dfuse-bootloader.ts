// The USB DFU bootloader in system memory with ST's extensions (DfuSe), as AN3156 and the DFU 1.1
// specification describe it: class requests in, answers or a stall out. Descriptors are dfuse-descriptors.ts.
// A download only stores its request; the GETSTATUS after it announces how long it takes, and then it runs.

import type { Setup, UsbAnswer } from '../doors/usb-function.ts';
import type { DfuseQuirk } from './dfuse-quirks.ts';
import type { Announced, RomTarget } from './rom-target.ts';

/** DFU 1.1 section 6.1.2. */
const states = {
  dfuIDLE: 2,
  dfuDNLOADSYNC: 3,
  dfuDNBUSY: 4,
  dfuDNLOADIDLE: 5,
  dfuMANIFESTSYNC: 6,
  dfuMANIFEST: 7,
  dfuUPLOADIDLE: 9,
  dfuERROR: 10,
} as const;
export type DfuState = keyof typeof states;

/** Status codes of DFU 1.1 section 6.1.2 that this bootloader gives. */
const statuses = { OK: 0, errTARGET: 1, errVENDOR: 11, errUNKNOWN: 14, errSTALLEDPKT: 15 } as const;
type DfuStatus = keyof typeof statuses;

type Pending =
  | { readonly kind: 'set-address'; readonly address: number }
  | { readonly kind: 'erase'; readonly address: number }
  | { readonly kind: 'mass-erase' }
  | { readonly kind: 'unprotect' }
  | { readonly kind: 'write'; readonly address: number; readonly bytes: Uint8Array };

export interface DfuseOptions {
  /** wTransferSize of the functional descriptor. */
  readonly transferSizeBytes: number;
  /** First address of each alternate setting. */
  readonly addressStarts: readonly number[];
  readonly quirks: ReadonlySet<DfuseQuirk>;
}

const done = new Uint8Array(0);
const oneMebibyte = 0x100000;

export class DfuseBootloader {
  readonly #target: RomTarget;
  readonly #options: DfuseOptions;
  #state: DfuState = 'dfuIDLE';
  #status: DfuStatus = 'OK';
  #pointer: number;
  #pending: Pending | undefined;
  /** The quirk that keeps dfuDNBUSY holds. */
  #wedged = false;

  constructor(target: RomTarget, options: DfuseOptions) {
    this.#target = target;
    this.#options = options;
    this.#pointer = options.addressStarts[0] ?? 0;
  }

  get state(): DfuState {
    return this.#state;
  }

  /** The address pointer goes to the start of the alternate setting. */
  selectAlternate(alternate: number): void {
    this.#pointer = this.#options.addressStarts[alternate] ?? this.#pointer;
    this.#toIdle();
  }

  /** Class requests of DFU 1.1 section 3; `answer` as in UsbFunction. */
  control(setup: Setup, data: Uint8Array, answer: (bytes: UsbAnswer) => void): void {
    const toHost = (setup.requestType & 0x80) !== 0;
    const expected = [undefined, false, true, true, false, true, false][setup.request];
    if ((setup.requestType & 0x7f) !== 0x21 || expected !== toHost) answer(undefined);
    else if (setup.request === 3) this.#getStatus(answer);
    else answer(this.#answerTo(setup, data));
  }

  #answerTo(setup: Setup, data: Uint8Array): UsbAnswer {
    switch (setup.request) {
      case 1:
        return this.#download(setup, data);
      case 2:
        return this.#upload(setup);
      case 4:
        return this.#clearStatus();
      case 5:
        return Uint8Array.of(states[this.#state]);
      default:
        return this.#abort();
    }
  }

  #toIdle(): Uint8Array {
    this.#state = 'dfuIDLE';
    this.#status = 'OK';
    this.#pending = undefined;
    this.#wedged = false;
    return done;
  }

  #fail(status: DfuStatus): undefined {
    this.#state = 'dfuERROR';
    this.#status = status;
    this.#pending = undefined;
    this.#wedged = false;
    return undefined;
  }

  /** AN3156 section 5: block 0 is a command, 1 reserved, from 2 on data; length 0 leaves the bootloader. */
  #download({ value: block, length }: Setup, data: Uint8Array): UsbAnswer {
    const { transferSizeBytes, quirks } = this.#options;
    if (this.#state !== 'dfuIDLE' && this.#state !== 'dfuDNLOADIDLE') return this.#fail('errSTALLEDPKT');
    if (length !== data.length || length > transferSizeBytes) return this.#fail('errSTALLEDPKT');
    if (length > 1024 && quirks.has('fails-above-1024-bytes')) return this.#fail('errSTALLEDPKT');
    if (length === 0) {
      this.#state = 'dfuMANIFESTSYNC';
      return done;
    }
    const address = this.#pointer + (block - 2) * transferSizeBytes;
    const pending: Pending | undefined =
      block === 0
        ? this.#command(data)
        : block === 1
          ? undefined
          : { kind: 'write', address, bytes: data.slice() };
    if (pending === undefined) return this.#fail('errSTALLEDPKT');
    this.#pending = pending;
    this.#state = 'dfuDNLOADSYNC';
    return done;
  }

  /** 0x21 set address, 0x41 erase (alone: everything), 0x92 read unprotect; addresses little-endian. */
  #command(data: Uint8Array): Pending | undefined {
    const [code] = data;
    if (data.length === 5 && (code === 0x21 || code === 0x41)) {
      const address = new DataView(data.buffer, data.byteOffset).getUint32(1, true);
      return { kind: code === 0x21 ? 'set-address' : 'erase', address };
    }
    if (data.length === 1 && code === 0x41) return { kind: 'mass-erase' };
    if (data.length === 1 && code === 0x92) return { kind: 'unprotect' };
    return undefined;
  }

  /**
   * AN3156 section 4: block 0 lists the commands, from 2 on memory. At the end of a memory
   * the answer is short, which ends the upload (DFU 1.1 section 6.2; that the ROM does so is unverified).
   */
  #upload({ value: block, length }: Setup): UsbAnswer {
    const { transferSizeBytes } = this.#options;
    if (this.#state !== 'dfuIDLE' && this.#state !== 'dfuUPLOADIDLE') return this.#fail('errSTALLEDPKT');
    if (block === 0) {
      this.#state = 'dfuIDLE';
      return Uint8Array.of(0x00, 0x21, 0x41, 0x92).slice(0, length);
    }
    if (block === 1 || length > transferSizeBytes) return this.#fail('errSTALLEDPKT');
    if (this.#target.isReadProtected()) return this.#fail('errVENDOR');
    const address = this.#pointer + (block - 2) * transferSizeBytes;
    const readable = this.#target.readableBytes(address, length);
    const bytes = readable === 0 ? undefined : this.#target.read(address, readable);
    if (bytes === undefined) return this.#fail('errTARGET');
    this.#state = readable < length ? 'dfuIDLE' : 'dfuUPLOADIDLE';
    return bytes;
  }

  #statusAnswer(pollMs: number): Uint8Array {
    const { [this.#state]: state } = states;
    return Uint8Array.of(statuses[this.#status], pollMs, pollMs >>> 8, pollMs >>> 16, state, 0);
  }

  #getStatus(answer: (bytes: UsbAnswer) => void): void {
    if (this.#state === 'dfuDNBUSY' && !this.#wedged) this.#state = 'dfuDNLOADIDLE';
    if (this.#state === 'dfuDNLOADSYNC') this.#start(answer);
    else if (this.#state === 'dfuMANIFESTSYNC') this.#leave(answer);
    else answer(this.#statusAnswer(0));
  }

  #start(answer: (bytes: UsbAnswer) => void): void {
    const pending = this.#pending!;
    this.#pending = undefined;
    this.#state = 'dfuDNBUSY';
    answer(this.#statusAnswer(this.#announcedMs(pending)));
    const outcome = this.#perform(pending);
    if (outcome !== 'OK') this.#fail(outcome);
  }

  /** A zero-length download: the program at the address pointer starts, once the host has its answer. */
  #leave(answer: (bytes: UsbAnswer) => void): void {
    const admitted = !this.#target.isReadProtected();
    if (!admitted || !this.#target.canGo(this.#pointer)) {
      this.#fail(admitted ? 'errTARGET' : 'errVENDOR');
      answer(this.#statusAnswer(0));
      return;
    }
    this.#state = 'dfuMANIFEST';
    answer(this.#statusAnswer(0));
    this.#target.go(this.#pointer);
  }

  #announcedMs(pending: Pending): number {
    if (pending.kind === 'mass-erase' && this.#options.quirks.has('mass-erase-announces-100ms')) return 100;
    const operation: Announced =
      pending.kind === 'write'
        ? { kind: 'write', address: pending.address, lengthBytes: pending.bytes.length }
        : pending.kind === 'erase'
          ? pending
          : { kind: pending.kind === 'set-address' ? 'other' : 'mass-erase' };
    return this.#target.announcedMs(operation);
  }

  /** AN3156 section 5.1 to 5.4. What write protection or the flash refused is no error here. */
  #perform(pending: Pending): DfuStatus {
    const target = this.#target;
    if (pending.kind === 'unprotect') {
      target.unprotectReadout();
      return target.reset();
    }
    // AN3156 lets set address pass; silicon refuses it too (seen by flashing tools in the field).
    if (target.isReadProtected()) return 'errVENDOR';
    switch (pending.kind) {
      case 'set-address':
        if (target.readableBytes(pending.address, 1) === 0) return 'errTARGET';
        this.#pointer = pending.address;
        return 'OK';
      case 'erase':
        return this.#erase(pending.address);
      case 'mass-erase':
        target.massErase('all');
        return 'OK';
      case 'write':
        if (!target.canWrite(pending.address, pending.bytes.length)) return 'errTARGET';
        return target.write(pending.address, pending.bytes) === 'reset-due' ? target.reset() : 'OK';
    }
  }

  #erase(address: number): DfuStatus {
    const unit = this.#target.eraseUnitAt(address);
    if (unit === undefined) return 'errTARGET';
    this.#target.erase([unit]);
    const start = this.#options.addressStarts[0] ?? 0;
    this.#wedged = address >= start + oneMebibyte && this.#options.quirks.has('erase-past-1mib-stays-busy');
    return 'OK';
  }

  /** Outside dfuERROR it is an error itself, so that two of them end in dfuIDLE (seen on H743). */
  #clearStatus(): UsbAnswer {
    if (this.#state === 'dfuERROR') return this.#toIdle();
    if (this.#options.quirks.has('clrstatus-stalls-outside-error')) return undefined;
    this.#fail('errUNKNOWN');
    return done;
  }

  #abort(): UsbAnswer {
    if (this.#state === 'dfuERROR' || this.#state === 'dfuDNBUSY') return this.#fail('errSTALLEDPKT');
    return this.#toIdle();
  }
}

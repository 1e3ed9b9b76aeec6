// The USB DFU bootloader in system memory with ST's extensions (DfuSe), as AN3156 and the DFU 1.1 specification describe it:
// control requests in, answers or a stall out. No USB here: descriptors are dfuse-descriptors.ts, transport is elsewhere.
// Erase, program and unprotect run on the GETSTATUS that announces them, and take the time that its poll time-out says.

import type { MassErase, RomTarget } from './rom-target.ts';

const dfuStates = {
  dfuIDLE: 2,
  dfuDNLOADSYNC: 3,
  dfuDNBUSY: 4,
  dfuDNLOADIDLE: 5,
  dfuMANIFESTSYNC: 6,
  dfuMANIFEST: 7,
  dfuUPLOADIDLE: 9,
  dfuERROR: 10,
} as const;
type DfuState = keyof typeof dfuStates;

/** Status codes of DFU 1.1 section 6.1.2 that this bootloader gives. */
const dfuStatuses = {
  OK: 0,
  errTARGET: 1,
  errWRITE: 3,
  errADDRESS: 8,
  errVENDOR: 11,
  errUNKNOWN: 14,
  errSTALLEDPKT: 15,
} as const;
type DfuStatus = keyof typeof dfuStatuses;

type Pending =
  | { kind: 'set-address'; address: number }
  | { kind: 'erase'; address: number }
  | { kind: 'mass-erase'; which: MassErase }
  | { kind: 'unprotect' }
  | { kind: 'write'; address: number; bytes: Uint8Array }
  | { kind: 'leave' };

export interface ControlRequest {
  readonly requestType: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  readonly length: number;
  /** Data stage of a host-to-device request. */
  readonly data: Uint8Array;
}

/** What a memory behind an alternate setting does beyond RomTarget: which unit an address lies in, and how long things take. */
export interface DfuseTarget extends RomTarget {
  /** Number of the erase unit at the address, or undefined. */
  eraseUnitAt(address: number): number | undefined;
  /** Milliseconds that the operation is announced to take (typical times of the catalogue). */
  announcedMs(
    operation: 'erase' | 'mass-erase' | 'write' | 'other',
    address: number,
    lengthBytes: number,
  ): number;
}

export interface DfuseOptions {
  /** wTransferSize of the functional descriptor: 2048 on F4 and later. */
  readonly transferSizeBytes: number;
  /** First address of the alternate setting in use. */
  readonly startAddress: () => number;
  /** Known faults of silicon that this chip shows (dfuse-quirks.ts). */
  readonly quirks?: ReadonlySet<DfuseQuirk>;
}

/** Faults seen on silicon, each switchable; where each was seen stands in the documentation of the virtual chip. */
export type DfuseQuirk =
  | 'mass-erase-announces-100ms'
  | 'clrstatus-stalls-outside-error'
  | 'busy-wedge-past-1mib';

export class DfuseBootloader {
  readonly #target: DfuseTarget;
  readonly #options: DfuseOptions;
  #state: DfuState = 'dfuIDLE';
  #status: DfuStatus = 'OK';
  #pointer: number;
  #pending: Pending | undefined;
  #running: Promise<void> | undefined;

  constructor(target: DfuseTarget, options: DfuseOptions) {
    this.#target = target;
    this.#options = options;
    this.#pointer = options.startAddress();
  }

  get state(): DfuState {
    return this.#state;
  }

  /** The alternate setting changed: the address pointer goes to its start. */
  selectAlternate(): void {
    this.#pointer = this.#options.startAddress();
    this.#state = 'dfuIDLE';
    this.#status = 'OK';
  }

  /** Answers a class request; undefined is a STALL. Resolves when the answer may go out. */
  async control(request: ControlRequest): Promise<Uint8Array | undefined> {
    switch (request.request) {
      case 1:
        return this.#download(request);
      case 2:
        return this.#upload(request);
      case 3:
        return this.#getStatus();
      case 4:
        return this.#clearStatus();
      case 5:
        return Uint8Array.of(dfuStates[this.#state]);
      case 6:
        return this.#abort();
      default:
        return undefined; // DETACH has no meaning in DFU mode
    }
  }

  #fail(status: DfuStatus): undefined {
    this.#state = 'dfuERROR';
    this.#status = status;
    this.#pending = undefined;
    return undefined;
  }

  #download({ value: block, data, length }: ControlRequest): Uint8Array | undefined {
    if (this.#state !== 'dfuIDLE' && this.#state !== 'dfuDNLOADIDLE') return this.#fail('errSTALLEDPKT');
    if (length !== data.length || length > this.#options.transferSizeBytes)
      return this.#fail('errSTALLEDPKT');
    if (length === 0) this.#pending = { kind: 'leave' };
    else if (block === 0) this.#pending = this.#command(data);
    else if (block === 1)
      return this.#fail('errSTALLEDPKT'); // reserved (AN3156 section 4)
    else
      this.#pending = {
        kind: 'write',
        address: this.#pointer + (block - 2) * this.#options.transferSizeBytes,
        bytes: data.slice(),
      };
    if (this.#pending === undefined) return this.#fail('errSTALLEDPKT');
    this.#state = length === 0 ? 'dfuMANIFESTSYNC' : 'dfuDNLOADSYNC';
    return new Uint8Array(0);
  }

  /** Block 0: 0x21 set address, 0x41 erase (alone: everything), 0x92 read unprotect; addresses little-endian. */
  #command(data: Uint8Array): Pending | undefined {
    const address =
      data.length === 5 ? new DataView(data.buffer, data.byteOffset).getUint32(1, true) : undefined;
    if (data[0] === 0x21 && address !== undefined) return { kind: 'set-address', address };
    if (data[0] === 0x41 && address !== undefined) return { kind: 'erase', address };
    if (data[0] === 0x41 && data.length === 1) return { kind: 'mass-erase', which: 'all' };
    if (data[0] === 0x92 && data.length === 1) return { kind: 'unprotect' };
    return undefined;
  }

  #upload({ value: block, length }: ControlRequest): Uint8Array | undefined {
    if (this.#state !== 'dfuIDLE' && this.#state !== 'dfuUPLOADIDLE') return this.#fail('errSTALLEDPKT');
    if (block === 0) {
      this.#state = 'dfuIDLE';
      return Uint8Array.of(0x00, 0x21, 0x41, 0x92).slice(0, length);
    }
    if (this.#target.isReadProtected()) return this.#fail('errVENDOR');
    if (block === 1 || length > this.#options.transferSizeBytes) return this.#fail('errSTALLEDPKT');
    const address = this.#pointer + (block - 2) * this.#options.transferSizeBytes;
    const bytes = this.#target.read(address, length);
    if (bytes === undefined) return this.#fail('errADDRESS');
    this.#state = bytes.length < length ? 'dfuIDLE' : 'dfuUPLOADIDLE';
    return bytes;
  }

  #statusAnswer(pollMs: number): Uint8Array {
    return Uint8Array.of(
      dfuStatuses[this.#status],
      pollMs,
      pollMs >>> 8,
      pollMs >>> 16,
      dfuStates[this.#state],
      0,
    );
  }

  /** The first GETSTATUS after a download starts the operation and announces it; the next one waits for its end. */
  async #getStatus(): Promise<Uint8Array> {
    if (this.#state === 'dfuDNLOADSYNC' && this.#pending !== undefined) {
      const pending = this.#pending;
      this.#pending = undefined;
      this.#state = 'dfuDNBUSY';
      const pollMs = this.#announce(pending);
      this.#running = this.#perform(pending).then((outcome) => {
        if (this.#state !== 'dfuDNBUSY') return;
        if (outcome === 'OK') this.#state = 'dfuDNLOADIDLE';
        else this.#fail(outcome);
      });
      return this.#statusAnswer(pollMs);
    }
    if (this.#state === 'dfuDNBUSY') {
      await this.#running;
      return this.#statusAnswer(0);
    }
    if (this.#state === 'dfuMANIFESTSYNC') {
      this.#state = 'dfuMANIFEST';
      const answer = this.#statusAnswer(this.#target.announcedMs('other', this.#pointer, 0));
      this.#target.go(this.#pointer);
      return answer;
    }
    return this.#statusAnswer(0);
  }

  #announce(pending: Pending): number {
    const { quirks } = this.#options;
    if (pending.kind === 'mass-erase' && quirks?.has('mass-erase-announces-100ms')) return 100;
    if (pending.kind === 'erase') return this.#target.announcedMs('erase', pending.address, 0);
    if (pending.kind === 'mass-erase' || pending.kind === 'unprotect')
      return this.#target.announcedMs('mass-erase', 0, 0);
    if (pending.kind === 'write')
      return this.#target.announcedMs('write', pending.address, pending.bytes.length);
    return this.#target.announcedMs('other', this.#pointer, 0);
  }

  async #perform(pending: Pending): Promise<DfuStatus> {
    if (pending.kind === 'unprotect') {
      await this.#target.unprotectReadout();
      return 'OK';
    }
    if (this.#target.isReadProtected()) return 'errVENDOR';
    switch (pending.kind) {
      case 'set-address':
        if (this.#target.read(pending.address, 1) === undefined) return 'errTARGET';
        this.#pointer = pending.address;
        return 'OK';
      case 'erase': {
        const unit = this.#target.eraseUnitAt(pending.address);
        if (unit === undefined) return 'errTARGET';
        return (await this.#target.erase([unit])) ? 'OK' : 'errTARGET';
      }
      case 'mass-erase':
        return (await this.#target.massErase(pending.which)) ? 'OK' : 'errVENDOR';
      case 'write':
        return (await this.#target.write(pending.address, pending.bytes)) ? 'OK' : 'errTARGET';
      case 'leave':
        return 'OK';
    }
  }

  #clearStatus(): Uint8Array | undefined {
    const error = this.#state === 'dfuERROR';
    if (!error && this.#options.quirks?.has('clrstatus-stalls-outside-error')) return undefined;
    if (!error) return this.#fail('errSTALLEDPKT');
    this.#state = 'dfuIDLE';
    this.#status = 'OK';
    return new Uint8Array(0);
  }

  #abort(): Uint8Array | undefined {
    if (this.#state === 'dfuERROR' || this.#state === 'dfuDNBUSY') return this.#fail('errSTALLEDPKT');
    this.#state = 'dfuIDLE';
    this.#pending = undefined;
    return new Uint8Array(0);
  }
}

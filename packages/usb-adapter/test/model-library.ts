// npm's usb as a model, on USB devices of software: with the habits of version 3.1.0 that the adapter has
// to live with. A stall throws, a time-out is short unless given, control transfers need a claimed
// interface, `close` releases none.

import { type Setup, UsbControl, type UsbDevice } from '@firmseal/virtual-stm32';
import type { LibraryDevice, UsbLibrary } from '../src/usb-library.ts';

export interface ModelPort {
  readonly bus: string;
  readonly ports: readonly number[];
  /** What is plugged in; undefined: nothing. */
  device: UsbDevice | undefined;
  /** Throws what the system says when the device is opened. */
  refuseOpen?: string;
  /** Interfaces that a driver of the system holds. */
  readonly heldByDriver?: readonly number[];
  /** The names of strings throw, as those of a device that may not be opened. */
  readonly namesThrow?: true;
}

/** What one plugged device is to the system: open handles and claims outlive the objects of the library. */
interface SystemState {
  readonly control: UsbControl;
  readonly claimedBy: Map<number, object>;
}

const types = { standard: 0x00, class: 0x20, vendor: 0x40 } as const;
const recipients = { device: 0, interface: 1, endpoint: 2, other: 3 } as const;
const stringAt = ({ strings }: UsbDevice, index: number): string | null => strings[index] ?? null;

export function createModelLibrary(modelPorts: readonly ModelPort[]): UsbLibrary & { claims(): number } {
  const states = new Map<UsbDevice, SystemState>();
  const stateOf = (device: UsbDevice): SystemState => {
    const known = states.get(device) ?? { control: new UsbControl(device), claimedBy: new Map() };
    states.set(device, known);
    return known;
  };

  const handle = (port: ModelPort, device: UsbDevice): LibraryDevice => {
    const own = {};
    const state = stateOf(device);
    const view = new DataView(device.deviceDescriptor.slice().buffer);
    const release = view.getUint16(12, true);
    let isOpen = false;
    const claimed = (): number[] =>
      [...state.claimedBy].filter(([, by]) => by === own).map(([number]) => number);
    const isGone = (): boolean => device.detached?.aborted === true || port.device !== device;

    /**
     * The end of a transfer: its answer, the time-out, or the device leaving. Errors in the words of `say`.
     */
    async function ends<T>(
      say: (what: 'Stall' | 'Cancelled' | 'Disconnected') => string,
      timeoutMs: number,
      run: (cancel: AbortSignal) => Promise<T | undefined>,
    ): Promise<T> {
      const cancel = new AbortController();
      const fails = new Promise<never>((_, reject) => {
        const timer = setTimeout(() => reject(new Error(say('Cancelled'))), timeoutMs);
        cancel.signal.addEventListener('abort', () => clearTimeout(timer));
        const lost = (): void => reject(new Error(say('Disconnected')));
        if (isGone()) lost();
        device.detached?.addEventListener('abort', lost);
      });
      fails.catch(() => undefined);
      try {
        const answer = await Promise.race([fails, run(cancel.signal)]);
        if (answer === undefined || answer === false)
          throw new Error(say(isGone() ? 'Disconnected' : 'Stall'));
        return answer;
      } finally {
        cancel.abort();
      }
    }
    const sentences = {
      Stall: 'endpoint stalled',
      Cancelled: 'transfer was cancelled',
      Disconnected: 'device disconnected',
    };
    const refuseUnclaimed = (call: string): void => {
      if (claimed().length === 0) throw new Error(`${call} error: invalid state`);
    };
    const control = async (
      call: string,
      setup: Setup,
      data: Uint8Array,
      timeoutMs: number,
    ): Promise<Uint8Array> => {
      refuseUnclaimed(call);
      return ends(
        (what) => `${call} error: ${sentences[what]}`,
        timeoutMs,
        () => state.control.handle(setup, data),
      );
    };
    const named = (index: number): string | null => {
      if (port.namesThrow) throw new Error('open error: failed to open device: Permission denied (errno 13)');
      return stringAt(device, index);
    };

    return {
      vendorId: view.getUint16(8, true),
      productId: view.getUint16(10, true),
      deviceClass: device.deviceDescriptor[4]!,
      ...{
        deviceVersionMajor: release >>> 8,
        deviceVersionMinor: (release >>> 4) & 0xf,
        deviceVersionSubminor: release & 0xf,
      },
      ...{ bus: port.bus, ports: port.ports },
      get manufacturerName() {
        return named(1);
      },
      get productName() {
        return named(2);
      },
      get serialNumber() {
        return named(3);
      },
      async open() {
        if (port.refuseOpen !== undefined) throw new Error(port.refuseOpen);
        if (isGone()) throw new Error('open error: failed to open device: No such device (errno 19)');
        isOpen = true;
        // The kernel gave the device its configuration when it was plugged in.
        await state.control.handle(
          { requestType: 0, request: 9, value: 1, index: 0, length: 0 },
          new Uint8Array(0),
        );
      },
      async close() {
        isOpen = false;
      },
      async reset() {
        if (!isOpen) throw new Error('reset error: invalid state');
      },
      async selectConfiguration(value) {
        await state.control.handle(
          { requestType: 0, request: 9, value, index: 0, length: 0 },
          new Uint8Array(0),
        );
      },
      async claimInterface(number) {
        if (!isOpen) throw new Error('claimInterface error: invalid state');
        if (number >= device.interfaces.length)
          throw new Error('claimInterface error: interface not found (errno 22)');
        if (port.heldByDriver?.includes(number) || (state.claimedBy.get(number) ?? own) !== own)
          throw new Error('claimInterface error: interface is busy (errno 16)');
        state.claimedBy.set(number, own);
      },
      async releaseInterface(number) {
        if (!isOpen) throw new Error('releaseInterface error: invalid state');
        if (!claimed().includes(number)) throw new Error('releaseInterface error: not claimed');
        state.claimedBy.delete(number);
      },
      async selectAlternateInterface(number, alternate) {
        if (!claimed().includes(number)) throw new Error('selectAlternateInterface error: invalid state');
        await state.control.handle(
          { requestType: 1, request: 11, value: alternate, index: number, length: 0 },
          new Uint8Array(0),
        );
      },
      async controlTransferIn({ requestType, recipient, request, value, index }, length, timeoutMs = 1000) {
        const setup = {
          requestType: 0x80 | types[requestType] | recipients[recipient],
          request,
          value,
          index,
          length,
        };
        const answer = await control('controlTransferIn', setup, new Uint8Array(0), timeoutMs);
        return { data: new DataView(answer.slice().buffer) };
      },
      async controlTransferOut({ requestType, recipient, request, value, index }, data, timeoutMs = 1000) {
        const setup = {
          requestType: types[requestType] | recipients[recipient],
          request,
          value,
          index,
          length: data.length,
        };
        await control('controlTransferOut', setup, data, timeoutMs);
        return { bytesWritten: data.length };
      },
      async transferIn(endpoint, length, timeoutMs = 1000) {
        refuseUnclaimed('transferIn');
        const answer = await ends(
          (what) => `transferIn error: ${what}`,
          timeoutMs,
          async (cancel) => device.read?.(endpoint, length, cancel),
        );
        return { data: new DataView(answer.slice().buffer) };
      },
      async transferOut(endpoint, data, timeoutMs = 1000) {
        refuseUnclaimed('transferOut');
        await ends(
          (what) => `transferOut error: ${what}`,
          timeoutMs,
          async () => device.write?.(endpoint, data),
        );
        return { bytesWritten: data.length };
      },
      async clearHalt(direction, endpoint) {
        refuseUnclaimed('clearHalt');
        const index = (direction === 'in' ? 0x80 : 0) | endpoint;
        await state.control.handle(
          { requestType: 2, request: 1, value: 0, index, length: 0 },
          new Uint8Array(0),
        );
      },
    };
  };

  return {
    usb: {
      getDevices: async () =>
        modelPorts.flatMap((port) => (port.device === undefined ? [] : [handle(port, port.device)])),
    },
    claims: () => [...states.values()].reduce((sum, { claimedBy }) => sum + claimedBy.size, 0),
  };
}

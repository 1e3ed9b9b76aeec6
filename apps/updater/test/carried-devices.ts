// navigator.usb and navigator.serial of a page under test: what the page calls there is carried to virtual
// chips in this process. The chooser gives the one device that the test put there; getDevices and getPorts
// give what was chosen before or was known from the beginning.

import { chipUsbPlace } from '@firmseal/dfu/testing';
import type { UsbStandIn } from '@firmseal/usb-device/testing';
import { type LineWatcher, openChipLink } from '@firmseal/virtual-line';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { BrowserContext } from 'playwright-core';
import { openApplication } from './application.ts';

/** What is plugged into the computer of the page. */
export interface Plugged {
  readonly way: 'usb' | 'serial';
  readonly chip: VirtualChip;
  /** Whether the page may open it without asking. */
  known: boolean;
  /** The device runs its application, until that is asked to make room for the agent. */
  isApplication?: boolean;
  knownApplication?: boolean;
  /** Sees each message of the page by the serial port, and may cut the cable. */
  watcher?: LineWatcher;
  /** Sees the number of each transfer of the page by USB, from 0; false cuts the cable before it. */
  passTransfer?: (transfer: number) => boolean;
}

type Json = Record<string, unknown>;

/**
 * GETSTATUS of DFU 1.1 (section 6.1.2), whose bwPollTimeout the page waits in real time. An erase that takes
 * seconds in silicon is done at once here: the wait is made a 64th, so that a test takes no minute.
 */
const isGetStatus = (method: string, [setup]: readonly unknown[]): boolean => {
  const { request, requestType } = (setup ?? {}) as { request?: number; requestType?: string };
  return method === 'controlTransferIn' && requestType === 'class' && request === 3;
};

/** As the button of the update does, held while the chip starts. */
export function startAgent(chip: VirtualChip): void {
  chip.setPin('agent-request', true);
  chip.reset();
  chip.setPin('agent-request', false);
}

/** What is plugged in again is another object in the browser. */
let plugCount = 0;

/** A USB device, as long as it is on the bus: after a reset of its chip it is another one. */
class UsbPlug {
  readonly #place;
  readonly #plugged: Plugged;
  #device: UsbStandIn | undefined;
  #name = '';
  #visits = 0;
  #transfers = 0;
  readonly #plug = plugCount++;

  constructor(plugged: Plugged) {
    this.#plugged = plugged;
    this.#place = chipUsbPlace(plugged.chip);
  }

  #open(): Promise<UsbStandIn> {
    if (this.#plugged.isApplication !== true) return this.#place.open();
    return openApplication(() => {
      this.#plugged.isApplication = false;
      this.#device = undefined;
      // What comes back on the bus is an object of its own in the browser.
      this.#visits++;
      startAgent(this.#plugged.chip);
    });
  }

  async description(): Promise<Json | undefined> {
    // A device on the bus is the same one until it leaves.
    const found = await this.#open().catch(() => undefined);
    if (found === undefined) return undefined;
    // A browser knows what a device consists of before a page opens it.
    await found.open();
    await found.close();
    const { vendorId, productId, productName, serialNumber, configurations } = found;
    const another = this.#device?.productId !== productId;
    if (another || this.#device?.opened !== true) this.#device = found;
    this.#name = `${vendorId}:${productId}, plug ${this.#plug}, visit ${this.#visits}`;
    return { id: this.#name, vendorId, productId, productName, serialNumber, configurations };
  }

  /** Whether the cable carries this one. */
  passes(method: string): boolean {
    return !/Transfer|transfer/.test(method) || this.#plugged.passTransfer?.(this.#transfers++) !== false;
  }

  async call(method: string, given: readonly unknown[]): Promise<unknown> {
    const open = this.#device;
    const device = open as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
    const words = given.map((one) => (Array.isArray(one) ? Uint8Array.from(one as number[]) : one));
    const answer = (await device[method]!(...words)) as { status?: string; data?: DataView } | undefined;
    const { opened, configuration } = open!;
    const data = answer?.data;
    if (isGetStatus(method, given) && data !== undefined) {
      const pollMs = data.getUint16(1, true) | (data.getUint8(3) << 16);
      data.setUint16(1, pollMs >> 6, true);
      data.setUint8(3, 0);
    }
    return {
      ...{ opened, configuration, status: answer?.status },
      data: data && [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
      bytesWritten: (answer as { bytesWritten?: number } | undefined)?.bytesWritten,
    };
  }
}

/** A serial adapter whose other side is wired to the chip's UART. */
class SerialPlug {
  readonly #plugged: Plugged;
  readonly plug = plugCount++;
  #stream: ReturnType<typeof openChipLink> | undefined;
  #arrived: number[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;

  constructor(plugged: Plugged) {
    this.#plugged = plugged;
  }

  async open(): Promise<void> {
    this.#arrived = [];
    this.#isEnded = false;
    this.#stream = openChipLink(this.#plugged.chip, this.#plugged.watcher ?? {});
    this.#stream.listen({
      data: (bytes) => {
        this.#arrived.push(...bytes);
        this.#wake();
      },
      closed: () => {
        this.#isEnded = true;
        this.#wake();
      },
    });
  }

  async write(bytes: readonly number[]): Promise<void> {
    await this.#stream?.write(Uint8Array.from(bytes));
  }

  /** Waits for bytes; undefined at the end of the line. */
  async read(): Promise<number[] | undefined> {
    while (this.#arrived.length === 0 && !this.#isEnded)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#arrived.length > 0 ? this.#arrived.splice(0) : undefined;
  }

  async close(): Promise<void> {
    await this.#stream?.close();
  }
}

/** In the page, before its own scripts. Everything that it uses must stand inside of it. */
function carry(): void {
  type Ask = (message: unknown) => Promise<{ error?: [string, string]; result?: never }>;
  const ask = (globalThis as unknown as { firmsealCarry: Ask }).firmsealCarry;
  const call = async (message: unknown): Promise<never> => {
    const { error, result } = await ask(message);
    if (error !== undefined) throw new DOMException(error[1], error[0]);
    return result as never;
  };
  const bytesOf = (given: ArrayBuffer | ArrayBufferView) => [
    ...(ArrayBuffer.isView(given)
      ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
      : new Uint8Array(given)),
  ];

  type Shown = { id: string; configurations: unknown } & Record<string, unknown>;
  const usbDevice = (shown: Shown) => {
    const device: Record<string, unknown> = { ...shown, opened: false, configuration: null };
    const run =
      (method: string) =>
      async (...given: unknown[]) => {
        const words = given.map((one) =>
          ArrayBuffer.isView(one) || one instanceof ArrayBuffer ? bytesOf(one) : one,
        );
        const answer = (await call({ what: 'usb', method, given: words })) as Record<string, unknown>;
        device['opened'] = answer['opened'];
        device['configuration'] = answer['configuration'];
        const data = answer['data'] as number[] | undefined;
        return {
          status: answer['status'],
          bytesWritten: answer['bytesWritten'],
          data: data && new DataView(Uint8Array.from(data).buffer),
        };
      };
    for (const method of [
      ...['open', 'close', 'selectConfiguration', 'claimInterface', 'releaseInterface', 'reset'],
      ...['selectAlternateInterface', 'controlTransferIn', 'controlTransferOut', 'clearHalt'],
      ...['transferIn', 'transferOut'],
    ])
      device[method] = run(method);
    return device;
  };
  const devices = new Map<string, unknown>();
  const kept = (all: Shown[]) =>
    all.map((shown) => {
      const key = JSON.stringify(shown);
      if (!devices.has(key)) devices.set(key, usbDevice(shown));
      return devices.get(key);
    });
  const usb = Object.assign(new EventTarget(), {
    getDevices: async () => kept(await call({ what: 'usb-known' })),
    requestDevice: async () => kept(await call({ what: 'usb-choose' }))[0],
  });

  const port = {
    readable: null as ReadableStream | null,
    writable: null as WritableStream | null,
    async open() {
      const plug = await call({ what: 'serial-open' });
      port.readable = new ReadableStream({
        async pull(controller) {
          const bytes = (await call({ what: 'serial-read', plug })) as number[] | null;
          if (bytes !== null) controller.enqueue(Uint8Array.from(bytes));
          else {
            port.readable = null;
            controller.error(new DOMException('The device has been lost.', 'NetworkError'));
          }
        },
      });
      port.writable = new WritableStream({
        write: (bytes: Uint8Array) => call({ what: 'serial-write', plug, bytes: bytesOf(bytes) }),
      });
    },
    async close() {
      port.readable = null;
      port.writable = null;
      await call({ what: 'serial-close' });
    },
    getInfo: () => ({}),
  };
  const serial = Object.assign(new EventTarget(), {
    getPorts: async () => ((await call({ what: 'serial-known' })) ? [port] : []),
    async requestPort() {
      await call({ what: 'serial-choose' });
      return port;
    },
  });
  for (const [name, value] of Object.entries({ usb, serial }))
    Object.defineProperty(Navigator.prototype, name, { configurable: true, get: () => value });
}

/** Gives every page of the context the devices of `plugged`, which the test may change as it goes. */
export async function carryDevices(context: BrowserContext, plugged: Plugged[]): Promise<void> {
  const usbPlugs = new WeakMap<Plugged, UsbPlug>();
  const serialPlugs = new WeakMap<Plugged, SerialPlug>();
  const of = <T>(plugs: WeakMap<Plugged, T>, way: 'usb' | 'serial', make: (one: Plugged) => T) => {
    const found = plugged.find((one) => one.way === way);
    if (found === undefined) return undefined;
    if (!plugs.has(found)) plugs.set(found, make(found));
    return { plugged: found, plug: plugs.get(found)! };
  };
  const usb = () => of(usbPlugs, 'usb', (one) => new UsbPlug(one));
  const serial = () => of(serialPlugs, 'serial', (one) => new SerialPlug(one));
  const none = () => new DOMException('Nothing was chosen.', 'NotFoundError');
  const lost = () => new DOMException('The device was disconnected.', 'NetworkError');

  const describe = async (choose: boolean): Promise<Json[]> => {
    const found = usb();
    // To a browser, application and agent are two devices.
    const known = found?.plugged.isApplication === true ? 'knownApplication' : 'known';
    if (choose && found !== undefined) found.plugged[known] = true;
    const shown = found?.plugged[known] === true ? await found.plug.description() : undefined;
    if (shown === undefined && choose) throw none();
    return shown === undefined ? [] : [shown];
  };
  type Message = { what: string; method: string; given: unknown[]; bytes: number[]; plug: number };
  const answer = async ({ what, method, given, bytes, plug }: Message): Promise<unknown> => {
    switch (what) {
      case 'usb-known':
        return describe(false);
      case 'usb-choose':
        return describe(true);
      case 'usb': {
        const found = usb();
        if (found?.plug.passes(method) !== true) throw lost();
        return found.plug.call(method, given);
      }
      case 'serial-known':
        return serial()?.plugged.known === true;
      case 'serial-choose': {
        const found = serial();
        if (found === undefined) throw none();
        found.plugged.known = true;
        return null;
      }
    }
    const found = serial();
    if (found === undefined) throw lost();
    if (what === 'serial-open') {
      await found.plug.open();
      return found.plug.plug;
    }
    // A stream of the cable that was pulled does not reach what is plugged in now.
    if (what !== 'serial-close' && plug !== found.plug.plug) throw lost();
    if (what === 'serial-read') return (await found.plug.read()) ?? null;
    if (what === 'serial-write') return found.plug.write(bytes);
    return found.plug.close();
  };
  await context.exposeBinding('firmsealCarry', async (_, message: Message) => {
    try {
      return { result: (await answer(message)) ?? null };
    } catch (error) {
      const { name, message: text } = error as Error;
      return { error: [name, text] };
    }
  });
  await context.addInitScript(carry);
}

// The USB device that the suite of the seam is run against: two named settings, vendor requests and endpoints
// that answer, refuse, answer too little or never answer at all. It is plugged into whatever carries it: a
// stand-in in process, or the USB of a Linux kernel.

import type { Setup } from './usb-stand-in.ts';

/** Vendor requests to the device. */
export const suiteRequests = {
  /** IN: as many bytes as wValue says, each its index, cut to what was asked for. */
  count: 0x01,
  /** OUT keeps the data, IN gives them back. */
  keep: 0x02,
  refuse: 0x03,
  /** Never answered. */
  silent: 0x04,
  /** IN: one byte, the setting of interface 0 that was selected. */
  selected: 0x05,
} as const;

export const suiteEndpoints = {
  /** OUT then IN: what came goes back. */
  echo: 1,
  /** Refuses until its halt is cleared, and again after that. */
  refuse: 2,
  /** Takes nothing and gives nothing. */
  silent: 3,
} as const;

export const suiteIds = { vendorId: 0x1209, productId: 0x0001 } as const;
export const suiteNames = ['first setting', 'zweite Einstellung: ä'] as const;

const endpoint = (address: number) => [7, 5, address, 2, 64, 0, 0];
const endpoints = [0x01, 0x81, 0x02, 0x82, 0x03, 0x83].flatMap(endpoint);
const setting = (alternate: number) => [9, 4, 0, alternate, 6, 0xff, 0, 0, 4 + alternate, ...endpoints];
const settings = [...setting(0), ...setting(1)];
const totalBytes = 9 + settings.length;

type Answer = Uint8Array | undefined;

export interface SuiteDevice {
  readonly speed: 'full';
  readonly deviceDescriptor: Uint8Array;
  readonly configurationDescriptor: Uint8Array;
  readonly strings: readonly string[];
  readonly interfaces: readonly { class: number; subclass: number; protocol: number }[];
  readonly detached: AbortSignal;
  selectAlternate(interfaceNumber: number, alternate: number): void;
  control(setup: Setup, data: Uint8Array): Promise<Answer>;
  read(endpointNumber: number, lengthBytes: number, cancelled: AbortSignal): Promise<Answer>;
  write(endpointNumber: number, data: Uint8Array): Promise<boolean>;
  /** Takes it off the bus. */
  unplug(): void;
}

const silence = (...ends: (AbortSignal | undefined)[]): Promise<undefined> =>
  new Promise((resolve) => {
    for (const end of ends) end?.addEventListener('abort', () => resolve(undefined));
  });

export function createSuiteDevice(): SuiteDevice {
  const gone = new AbortController();
  const echoed: Uint8Array[] = [];
  const waiting: ((answer: Answer) => void)[] = [];
  let kept: Uint8Array = new Uint8Array(0);
  let selected = 0;
  return {
    speed: 'full',
    deviceDescriptor: Uint8Array.of(18, 1, 0, 2, 0xff, 0, 0, 64, 0x09, 0x12, 0x01, 0, 0x34, 0x12, 1, 2, 3, 1),
    configurationDescriptor: Uint8Array.of(
      9,
      2,
      totalBytes & 0xff,
      totalBytes >>> 8,
      1,
      1,
      0,
      0x80,
      50,
      ...settings,
    ),
    strings: ['', 'firmseal', 'suite', 'S1', ...suiteNames],
    interfaces: [{ class: 0xff, subclass: 0, protocol: 0 }],
    detached: gone.signal,
    selectAlternate: (_, alternate) => {
      selected = alternate;
    },
    async control({ requestType, request, value, length }, data) {
      if ((requestType & 0x60) !== 0x40) return undefined;
      if (request === suiteRequests.count)
        return Uint8Array.from({ length: Math.min(value, length) }, (_, i) => i);
      if (request === suiteRequests.silent) return silence(gone.signal);
      if (request === suiteRequests.selected) return Uint8Array.of(selected);
      if (request !== suiteRequests.keep) return undefined;
      if ((requestType & 0x80) !== 0) return kept.slice(0, length);
      kept = data.slice();
      return new Uint8Array(0);
    },
    async read(endpointNumber, lengthBytes, cancelled) {
      if (endpointNumber === suiteEndpoints.silent) return silence(cancelled, gone.signal);
      if (endpointNumber !== suiteEndpoints.echo) return undefined;
      const answer = echoed.shift();
      if (answer !== undefined) return answer.slice(0, lengthBytes);
      return new Promise((resolve) => {
        waiting.push(resolve);
        cancelled.addEventListener('abort', () => {
          waiting.splice(waiting.indexOf(resolve), 1);
          resolve(undefined);
        });
      });
    },
    async write(endpointNumber, data) {
      if (endpointNumber === suiteEndpoints.silent) await silence(gone.signal);
      if (endpointNumber !== suiteEndpoints.echo) return false;
      const reader = waiting.shift();
      if (reader === undefined) echoed.push(data.slice());
      else reader(data.slice());
      return true;
    },
    unplug: () => gone.abort(),
  };
}

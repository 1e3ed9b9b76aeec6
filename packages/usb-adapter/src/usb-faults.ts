// What npm's usb and the systems say when something fails, as faults. Texts: nusb 0.2 (its
// transfer errors come by name for bulk transfers, as a sentence for control transfers; its other
// errors end in the system's number).

import { Fault, type FaultCode } from '@firmseal/fault';

/** The device, for texts: `1-4.2`, `0483:df11 STM32 BOOTLOADER`. */
export interface DeviceNames {
  readonly socket: string;
  readonly device: string;
}

const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\w+ error: /, '');
};

export const isStall = (error: unknown): boolean => /\bstall(ed)?\b/i.test(reasonOf(error));
export const isCancelled = (error: unknown): boolean => /\bcancell?ed\b/i.test(reasonOf(error));
const isGone = (error: unknown): boolean =>
  /\bdisconnected\b|device not found|no such device|errno (2|19)\)/i.test(reasonOf(error));

const openings: readonly (readonly [pattern: RegExp, code: FaultCode])[] = [
  [/winusb|driver/i, 'usb-driver-missing'],
  [/busy|in use|exclusive|errno 16\)/i, 'usb-in-use'],
  [/permission|access|denied|errno (1|13)\)/i, 'usb-not-permitted'],
];

/** The fault of a device that did not open, or of an interface that could not be claimed. */
export function openingFault(names: DeviceNames, action: string, cause: unknown): Fault {
  const reason = reasonOf(cause);
  if (isGone(cause)) return new Fault('usb-unplugged', { ...names, action }, { cause });
  const code = openings.find(([pattern]) => pattern.test(reason))?.[1] ?? 'usb-open-failed';
  return new Fault(code, { ...names, reason }, { cause });
}

/** The fault of a transfer that failed. A stall is an answer, not a failure. */
export function transferFault(names: DeviceNames, action: string, cause: unknown): Fault {
  if (isGone(cause)) return new Fault('usb-unplugged', { ...names, action }, { cause });
  return new Fault('usb-transfer-failed', { ...names, action, reason: reasonOf(cause) }, { cause });
}

// What serialport and the system say when a port cannot be opened or goes away, as
// faults. The texts are those of
// @serialport/bindings-cpp 13: strerror of the C library on Linux and macOS, a fixed list on Windows.

import { Fault, type FaultCode } from '@firmseal/fault';

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/^Error:? /, '') : String(error);

/** In the order in which they are tried. */
const openings: readonly (readonly [pattern: RegExp, code: FaultCode])[] = [
  [
    /cannot lock port|resource temporarily unavailable|device or resource busy|resource busy/i,
    'serial-in-use',
  ],
  // Windows says this of a port that another program has open; it has no permissions for ports.
  [/^opening .*access denied/i, 'serial-in-use'],
  [/permission denied|operation not permitted/i, 'serial-not-permitted'],
  [/no such file|file not found|no such device/i, 'serial-not-found'],
  [/baud rate|IOSSIOSPEED/i, 'serial-baud-refused'],
];

/** The fault of a port that did not open. */
export function openingFault(port: string, baud: number, cause: unknown): Fault {
  const reason = reasonOf(cause);
  const code = openings.find(([pattern]) => pattern.test(reason))?.[1] ?? 'serial-open-failed';
  return new Fault(code, { port, baud, reason }, { cause });
}

// Opens and lists serial ports of this machine. The native library is loaded here, and only then.

import type { Clock, LineSettings, SerialLine } from '@firmseal/link';
import { type LoadLibrary, loadLibrary } from './serial-library.ts';
import { SerialStream } from './serial-stream.ts';

export interface OpenSerialOptions {
  /** A path from the root, or `COM7`. */
  readonly path: string;
  readonly line: LineSettings;
  readonly clock: Clock;
  /** How the library is found; the npm package serialport by default. */
  readonly load?: LoadLibrary;
}

/**
 * Opens the port for this program alone, with 8 data bits, 1 stop bit and no flow control. Throws
 * `serial-library-missing`, `serial-not-found`, `serial-not-permitted`, `serial-in-use`,
 * `serial-baud-refused`, `serial-open-failed`, `serial-stuck`.
 */
export async function openSerial(
  options: OpenSerialOptions,
): Promise<Required<Omit<SerialLine, 'recordsAhead'>>> {
  return SerialStream.open(await loadLibrary(options.path, options.load), options);
}

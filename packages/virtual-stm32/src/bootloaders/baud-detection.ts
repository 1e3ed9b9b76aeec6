// How the ROM finds the rate of its host: it measures the synchronisation byte 0x7F, whose bits are all
// alike, and keeps that rate until the next reset (AN3155, section 2; AN2606: 1200 to 115200 baud are the
// rates that ST tested). Bytes at another rate have broken frames and are lost here; so is what the chip says
// to a host that listens at another.

const syncByte = 0x7f;
const leastBaud = 1200;
const mostBaud = 115_200;
/** Over ten bits a receiver bears less than half a bit: 4 % of the rate, both sides together. */
const tolerance = 0.04;

export class BaudDetection {
  #detected: number | undefined;

  /** The rate in use; undefined until a synchronisation byte was heard. */
  get detected(): number | undefined {
    return this.#detected;
  }

  /** What of these bytes arrives. `hostBaud` undefined: a link without a rate. */
  heard(bytes: Uint8Array, hostBaud: number | undefined): Uint8Array {
    if (hostBaud === undefined) return bytes;
    if (this.#detected !== undefined) return this.reaches(hostBaud) ? bytes : bytes.subarray(bytes.length);
    const sync = bytes.indexOf(syncByte);
    if (sync < 0 || hostBaud < leastBaud || hostBaud > mostBaud) return bytes.subarray(bytes.length);
    this.#detected = hostBaud;
    return bytes.subarray(sync);
  }

  /** Whether a host at that rate can read what the chip says. */
  reaches(hostBaud: number | undefined): boolean {
    if (hostBaud === undefined || this.#detected === undefined) return true;
    return Math.abs(hostBaud - this.#detected) <= tolerance * this.#detected;
  }
}

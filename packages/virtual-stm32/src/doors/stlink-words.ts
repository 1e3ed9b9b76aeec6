// A list of words that an ST-LINK reads and writes in one go (commands 0x51 and 0x52): a code for each item,
// padded to four bytes, then a word for each. Facts as OpenOCD's behaviour shows them; ST publishes none.

/** Items of a list; what the word of each means is in the comment. */
const codes = {
  /** Address of the write that follows. */
  address: 1,
  /** Value for that address. */
  write: 2,
  /** Address to read from. */
  read: 3,
  /** Number of the access port of what follows. */
  accessPort: 5,
} as const;

/** What an ST-LINK/V2 takes in one list. */
const mostItems = 64;

const padded = (count: number): number => Math.ceil(count / 4) * 4;

/** Bytes of a list of so many items; 0 for one that is too long, which is not taken. */
export const listBytes = (items: number): number => (items > mostItems ? 0 : padded(items) + 4 * items);

export interface WordAccess {
  /** Status as the ST-LINK says it, and the word. */
  read(accessPort: number, address: number): readonly [status: number, value: number];
  write(accessPort: number, address: number, value: number): number;
}

/** Does the list: a word for each item, then a status for each. */
export function runList(
  items: number,
  data: Uint8Array,
  { access, ok }: { access: WordAccess; ok: number },
): Uint8Array {
  const bytes = new Uint8Array(8 * items);
  const view = new DataView(bytes.buffer);
  const words = new DataView(data.buffer, data.byteOffset, data.length);
  let accessPort = 0;
  let address = 0;
  for (let i = 0; i < items; i++) {
    const at = padded(items) + 4 * i;
    const word = at + 4 <= data.length ? words.getUint32(at, true) : 0;
    let status = ok;
    let value = 0;
    if (data[i] === codes.accessPort) accessPort = word & 0xff;
    else if (data[i] === codes.address) address = word;
    else if (data[i] === codes.read) [status, value] = access.read(accessPort, word);
    else if (data[i] === codes.write) status = access.write(accessPort, address, word);
    view.setUint32(4 * i, value, true);
    view.setUint32(4 * (items + i), status, true);
  }
  return bytes;
}

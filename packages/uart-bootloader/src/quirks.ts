// Where a chip's bootloader differs from AN3155, by product id and, where it matters, the byte that names
// the bootloader's version (AN2606 table 4). What holds for all of them needs no row: an erase or write
// that the flash refused is acknowledged, so whoever erases or writes looks afterwards.

export interface UartQuirks {
  /** Go does not acknowledge its command byte. */
  readonly goFirstAcknowledgementLost: boolean;
  /** Extended Erase takes one unit at a time, else it leaves some. */
  readonly eraseOneAtATime: boolean;
  /** Extended Erase of the second bank is acknowledged before it is over: the longest time is waited. */
  readonly eraseAnswersEarly: boolean;
  /** A write that does not begin at a multiple of so many bytes spoils all that follow. */
  readonly writeAlignmentBytes: number;
  /** Most bytes that the bootloader takes in one write of flash. */
  readonly mostWriteBytes: number;
}

const usual: UartQuirks = {
  goFirstAcknowledgementLost: false,
  eraseOneAtATime: false,
  eraseAnswersEarly: false,
  writeAlignmentBytes: 4,
  mostWriteBytes: 256,
};

interface Row {
  readonly productId: number;
  /** Of all versions when absent. */
  readonly versions?: readonly number[];
  readonly quirks: Partial<UartQuirks>;
  readonly source: string;
}

/** AN2606 Rev 70: table 7 (write alignment) and the limitations in the chapter of each part. */
const rows: readonly Row[] = [
  { productId: 0x450, quirks: { writeAlignmentBytes: 8 }, source: 'AN2606 table 7' },
  {
    productId: 0x450,
    versions: [0x90],
    quirks: { goFirstAcknowledgementLost: true },
    source: 'AN2606 table 136, V9.0',
  },
  {
    productId: 0x450,
    versions: [0x91],
    quirks: { eraseAnswersEarly: true },
    source: 'AN2606 table 136, V9.1',
  },
  {
    productId: 0x467,
    versions: [0x92],
    quirks: { eraseOneAtATime: true },
    source: 'AN2606 table 112, V9.2, pages of bank 2',
  },
  { productId: 0x415, quirks: { writeAlignmentBytes: 8 }, source: 'AN2606 table 7' },
  { productId: 0x482, quirks: { writeAlignmentBytes: 16 }, source: 'AN2606 table 7' },
  { productId: 0x484, quirks: { writeAlignmentBytes: 16 }, source: 'AN2606 table 7' },
];

/** What is known of the bootloader; `version` undefined: what is known of any. */
export function uartQuirks(productId: number, version: number | undefined): UartQuirks {
  const known = rows.filter(
    ({ productId: id, versions }) =>
      id === productId && (versions === undefined || version === undefined || versions.includes(version)),
  );
  return Object.assign({}, usual, ...known.map(({ quirks }) => quirks)) as UartQuirks;
}

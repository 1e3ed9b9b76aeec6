// Where ROMs differ from AN3156, by chip of the catalogue. What can be seen while it happens needs no
// row: a functional descriptor that is not answered alone, a mass erase that announces 100 ms and answers
// after 10 s, a block of more than 1,024 bytes that is refused. docs/virtual-stm32-doors.md names where
// each was seen.

export interface DfuseQuirks {
  /** An erase is over though the state stays dfuDNBUSY; two CLRSTATUS lead to dfuIDLE. */
  readonly clearsBusyByClrstatusTwice: boolean;
  /** A data block is a multiple of so many bytes. */
  readonly writeAlignmentBytes: number;
}

const usual: DfuseQuirks = { clearsBusyByClrstatusTwice: false, writeAlignmentBytes: 4 };

const rows: readonly { chip: string; quirks: Partial<DfuseQuirks>; source: string }[] = [
  {
    chip: 'stm32h743',
    quirks: { clearsBusyByClrstatusTwice: true, writeAlignmentBytes: 8 },
    source: 'betaflight-configurator pull requests 1861 and 5348; AN2606 table 7',
  },
  { chip: 'stm32l476', quirks: { writeAlignmentBytes: 8 }, source: 'AN2606 tables 7 and 169' },
  { chip: 'stm32u575', quirks: { writeAlignmentBytes: 16 }, source: 'AN2606 table 7' },
  { chip: 'stm32h563', quirks: { writeAlignmentBytes: 16 }, source: 'AN2606 table 7' },
];

/** What is known of the DfuSe bootloader of a chip of the catalogue. */
export function dfuseQuirks(chipId: string): DfuseQuirks {
  const known = rows.filter(({ chip }) => chip === chipId);
  return Object.assign({}, usual, ...known.map(({ quirks }) => quirks)) as DfuseQuirks;
}

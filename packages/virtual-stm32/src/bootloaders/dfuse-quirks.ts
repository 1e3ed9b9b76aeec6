// Faults of real silicon that a DfuSe bootloader can be made to show, each by its own switch; where each was
// seen is listed in docs/virtual-stm32-doors.md. None is on by default.

export const dfuseQuirks = [
  /** The mass erase announces 100 ms whatever it takes, and the next GETSTATUS waits for its end. */
  'mass-erase-announces-100ms',
  /** CLRSTATUS outside dfuERROR is a STALL and changes nothing. */
  'clrstatus-stalls-outside-error',
  /** An erase from 1 MiB on is done, but the state stays dfuDNBUSY until CLRSTATUS was sent twice. */
  'erase-past-1mib-stays-busy',
  /** The functional descriptor cannot be asked for by itself. */
  'no-functional-descriptor-request',
  /** Every alternate setting shows the layout string of the flash. */
  'alternates-all-show-flash',
  /** The layout string of the flash ends in two bytes that do not belong to it. */
  'layout-has-garbage-suffix',
  /** A download of more than 1024 bytes fails, though 2048 are announced. */
  'fails-above-1024-bytes',
] as const;

export type DfuseQuirk = (typeof dfuseQuirks)[number];

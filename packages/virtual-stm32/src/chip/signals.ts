// What unwinds running firmware: loss of power, a reset, the hand-over to the application. Thrown
// by the chip inside a call of the executor, caught at the edge of the chip (firmware-run.ts,
// chip.ts); nobody outside ever sees one.

/** The supply failed; the operation under way may be torn. */
export class PowerLost extends Error {
  override readonly name = 'PowerLost';
}

export type ResetCause = 'power-on' | 'pin' | 'software' | 'option-launch' | 'debug' | 'watchdog';

/** The chip resets and starts again. */
export class ChipReset extends Error {
  override readonly name = 'ChipReset';
  readonly resetCause: ResetCause;

  constructor(cause: ResetCause) {
    super(cause);
    this.resetCause = cause;
  }
}

/** The running firmware jumped to an application and does not come back. */
export class HandedOver extends Error {
  override readonly name = 'HandedOver';
}

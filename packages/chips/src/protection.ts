// Types of what the catalogue says of option bytes: registers and fields, readout protection or product
// states, what a regression erases and leaves, and where the chip boots.

/** How a policy of a package may change a field (spec/agent.md section 4). */
export type FieldPolicy = 'none' | 'neutral' | 'readout' | 'clear-only' | 'set-only';

export interface OptionField {
  readonly name: string;
  /** Number of the register that holds the field. */
  readonly register: number;
  readonly msb: number;
  readonly lsb: number;
  readonly meaning: string;
  /** Decimal value, or `other`, to what it means. */
  readonly values: Readonly<Record<string, string>>;
  readonly policy: FieldPolicy;
}

/**
 * Who changes option bytes: a debug probe by registers, the ROM bootloaders by memory that they write, or
 * the agent once it was started.
 */
export type OptionWay = 'probe' | 'uart-bootloader' | 'dfuse' | 'agent';

export interface OptionRegister {
  /** The number that stands for it in packages, hellos and receipts. Never reused. */
  readonly id: number;
  readonly name: string;
  readonly readAddress: number;
  readonly programAddress: number;
  /** Value of a blank part, within `mask`. */
  readonly defaultValue: number;
  /** Bits that belong to a field; the others (lock, start, busy) are no option bytes. */
  readonly mask: number;
  readonly fields: readonly OptionField[];
}

/** An area of one bank that a regression of readout protection leaves, unless `eraseField` is 1. */
export interface KeptArea {
  readonly bank: number;
  readonly granuleBytes: number;
  /** Reset to their defaults when the area is erased. The area exists while start <= end. */
  readonly startField: string;
  readonly endField: string;
  readonly eraseField: string;
}

/**
 * Proprietary code readout protection: flash that can be executed and neither read as data, nor programmed,
 * nor erased, whoever asks (RM0090 3.7.5, RM0433 4.5.4, RM0351 3.5.2, RM0444 3.5.2).
 */
export interface ExecuteOnly {
  /**
   * An area exists while start <= end; both count granules from the start of the bank, the last one included.
   */
  readonly areas: readonly ExecuteOnlyArea[];
  /**
   * Where each sector has a bit (F42x): the field and value that make a 1 in the
   * write protection bits mean it.
   */
  readonly sectorsWhile?: FieldValue;
  /** Whether start = end means the whole bank (H7) instead of one granule. */
  readonly equalMeansBank: boolean;
  readonly source: string;
}

export interface ExecuteOnlyArea {
  readonly bank: number;
  readonly granuleBytes: number;
  readonly startField: string;
  readonly endField: string;
}

export type ReadoutLevel = 0 | 1 | 2;

export interface FieldValue {
  readonly field: string;
  readonly value: number;
}

export interface ProductState {
  readonly name: string;
  readonly value: number;
  readonly countsAs: ReadoutLevel;
  /** The readout level whose rules of access hold: closed parts answer no debugger, as at level 2. */
  readonly accessAs: ReadoutLevel;
  /** `rom-bootloader`: the owner's code never runs (provisioning). */
  readonly boots: 'as-configured' | 'flash' | 'rom-bootloader';
  /** Values that option bytes may give the field next; the present one always. */
  readonly next: readonly number[];
  /** A state that is only passed: the chip erases and ends in this one. */
  readonly regressesTo?: number;
  readonly meaning: string;
}

export interface RegressionKey {
  readonly name: string;
  /** The level that cannot be left downwards without it. */
  readonly leavesLevel: 1 | 2;
  /** Write-only registers that take the key, least significant word first. */
  readonly keyRegisters: readonly number[];
  /** Bit that is 1 while a key is set; no option byte. */
  readonly lockRegister: number;
  readonly lockBit: number;
  readonly meaning: string;
}

/** Debug authentication (H5): whoever holds the password or the certificate's key takes the chip back. */
export interface DebugAuthentication {
  /** A password counts while this holds, a certificate otherwise. */
  readonly passwordWhile: FieldValue;
  /** The one product state in which the ROM's services take a password or certificate. */
  readonly provisionedIn: number;
  /** Product states that it takes back, and the one that they end in. */
  readonly opens: readonly number[];
  readonly endsIn: number;
  readonly meaning: string;
  readonly source: string;
}

export interface ReadoutProtection {
  readonly field: string;
  readonly level0: number;
  /** The value that firmseal writes for level 1; any value but level0 and level2 means it. */
  readonly level1: number;
  readonly level2: number;
  /**
   * Chips with product states in place of RDP (H5): every value of the field, and the readout level that
   * firmseal counts it as. A value that is not listed counts as level 0: nothing is promised of it.
   * Absent: any other value is level 1.
   */
  readonly productStates?: readonly ProductState[];
  /**
   * Level 0.5: the secure half alone is protected, and only while `onlyWith` has that
   * value. Counts as level 0.
   */
  readonly halfLevel?: { readonly value: number; readonly onlyWith: FieldValue };
  /** Keys without which a level cannot be left downwards (U5), and where the chip shows that a key is set. */
  readonly regressionKeys?: readonly RegressionKey[];
  readonly debugAuthentication?: DebugAuthentication;
  readonly regression: {
    readonly erases: readonly string[];
    readonly leaves: readonly string[];
    readonly keptAreas: readonly KeptArea[];
    /** Fields that fall from 1 to 0 only together with a regression. */
    readonly clearsOnlyThen: readonly string[];
    /**
     * Fields that change only together with a regression while `while` holds; it gives them their defaults.
     */
    readonly frozen?: readonly { readonly while: FieldValue; readonly fields: readonly string[] }[];
  };
  readonly source: string;
}

export interface BootConfiguration {
  /** `boot0-and-bits`: BOOT0, from its pin or an option bit, and option bits (G0, L4). */
  readonly selectedBy: 'boot0-and-boot1' | 'boot0-and-bits' | 'boot-address';
  /**
   * Field and value that make the second bank stand at the start of flash, and when
   * they do; absent on one bank.
   */
  readonly bankField?: string;
  readonly bankValue?: 0 | 1;
  readonly bankRule?: 'always' | 'valid-stack-pointer';
  /**
   * Where BOOT0 comes from when not always from its pin: the pin while `field` has
   * that value, else `bitField`.
   */
  readonly boot0?: { readonly pinWhile: FieldValue; readonly bitField: string };
  /** Option bit in the place of a BOOT1 pin: with BOOT0 high, 1 starts the ROM bootloader, 0 the SRAM. */
  readonly boot1Field?: string;
  /**
   * Fields with the boot address by the level of BOOT0: address >> shift; `anchorValue` starts the anchor.
   * Without `pinHigh` a high BOOT0 starts the ROM bootloader.
   */
  readonly addressFields?: {
    readonly pinLow: string;
    readonly pinHigh?: string;
    readonly shift: number;
    readonly anchorValue: number;
  };
  /**
   * Field and value that bind every boot to the flash (or to the boot address), for good below a regression.
   */
  readonly lock?: FieldValue;
  /** Whether an empty first word of flash starts the ROM bootloader though BOOT0 is low. */
  readonly emptyCheck: boolean;
  readonly source: string;
}

/** Bits of a register and the values they must have; `value` lies within `mask`. */
export interface OptionRequirement {
  readonly register: number;
  readonly mask: number;
  readonly value: number;
}

// What the catalogue says of a chip, as types. The data stand in data/<id>.json; every group of figures names its
// source, a key of `sources`, and a source that was not checked says so. Addresses are byte addresses as the CPU
// sees them after reset, lengths and sizes bytes, times microseconds. How it is read: read-chip.ts.

export interface Source {
  readonly document: string;
  readonly section: string;
  readonly unverified: boolean;
  /** Why it is unverified; empty otherwise. */
  readonly reason: string;
}

export interface Range {
  readonly addressStart: number;
  readonly length: number;
}

export interface NamedRange extends Range {
  readonly meaning: string;
}

/** A sector or page: the least that the flash erases at once. */
export interface EraseUnit {
  /** Position among all units of the chip, by address, from 0. */
  readonly index: number;
  readonly bank: number;
  /** Number of the sector as the reference manual counts it (F427: 0 to 23; H743: 0 to 7 in each bank). */
  readonly ordinal: number;
  /** What goes into the sector number field of the flash controller. */
  readonly eraseCode: number;
  readonly addressStart: number;
  readonly sizeBytes: number;
  /** Option bit that is 1 while the unit may be written. */
  readonly writeProtect: { readonly register: number; readonly bit: number };
}

export interface FlashBank extends Range {
  readonly number: number;
}

export interface FlashAlias {
  readonly name: string;
  readonly addressStart: number;
  readonly target: number;
  readonly length: number;
  readonly meaning: string;
}

export type Parallelism = 'x8' | 'x16' | 'x32' | 'x64';
export type TimingCase = 'typical' | 'maximum';

export interface Timing {
  readonly typicalUs: number;
  readonly maximumUs: number;
}

export type TimingByParallelism = Readonly<Partial<Record<Parallelism, Timing>>>;

export interface WriteMode {
  readonly parallelism: Parallelism;
  /** Bytes of one program operation in this mode. */
  readonly unitBytes: number;
  /** Only with 8 to 9 V on VPP; not for boards in the field. */
  readonly externalVpp: boolean;
}

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

export type ReadoutLevel = 0 | 1 | 2;

export interface ReadoutProtection {
  readonly field: string;
  readonly level0: number;
  /** The value that firmseal writes for level 1; any value but level0 and level2 means it. */
  readonly level1: number;
  readonly level2: number;
  readonly regression: {
    readonly erases: readonly string[];
    readonly leaves: readonly string[];
    readonly keptAreas: readonly KeptArea[];
    /** Fields that fall from 1 to 0 only together with a regression. */
    readonly clearsOnlyThen: readonly string[];
  };
  readonly source: string;
}

export interface BootConfiguration {
  readonly selectedBy: 'boot0-and-boot1' | 'boot-address';
  /** Field that makes the second bank stand at the start of flash, and when it does. */
  readonly bankField: string;
  readonly bankRule: 'always' | 'valid-stack-pointer';
  /** Fields with the upper half of the boot address, by the level of the BOOT pin; `agentValue` starts the agent. */
  readonly addressFields?: { readonly pinLow: string; readonly pinHigh: string; readonly agentValue: number };
  readonly source: string;
}

/** Where an application can live: linked at one range, stored at another or the same. */
export interface ApplicationSlot {
  readonly name: string;
  readonly linkStart: number;
  readonly storeStart: number;
  readonly length: number;
  /** How the agent hands over: a jump, or a jump after swapping the banks' addresses (SYSCFG_MEMRMP.FB_MODE). */
  readonly handover: 'jump' | 'swap-banks';
  readonly meaning: string;
}

export interface Layout {
  readonly agent: readonly NamedRange[];
  readonly identity: NamedRange;
  /** The two erase units of the agent's journal. */
  readonly journal: readonly [EraseUnit, EraseUnit];
  /** In the order in which an image is tried. */
  readonly slots: readonly ApplicationSlot[];
  /** Bytes of application between two journaled marks of progress; each mark stands at the start of an erase unit. */
  readonly progressStrideBytes: number;
  readonly source: string;
}

export interface RamRange extends NamedRange {
  readonly name: string;
  /** `backup` is kept by the battery and protected like flash. */
  readonly kind: 'sram' | 'backup';
}

export interface LinkDoor {
  readonly kind: 'uart' | 'usb';
  readonly peripheral: string;
  readonly pins: string;
}

export interface Chip {
  /** `stm32f427`: the name in packages, certificates and receipts. */
  readonly id: string;
  /** A small number of the catalogue, never reused. */
  readonly number: number;
  readonly names: readonly string[];
  readonly core: string;
  readonly hasRandomGenerator: boolean;
  readonly tier: {
    readonly tier: 'A' | 'B' | 'C';
    /** The readout level from which the chip is of this tier. */
    readonly readoutLevel: ReadoutLevel;
    /** Whether hardware can hide the agent from the application. */
    readonly agentHidden: boolean;
    readonly promised: readonly string[];
    readonly notPromised: readonly string[];
    readonly source: string;
  };
  readonly identity: {
    readonly deviceIdRegister: number;
    readonly deviceId: number;
    readonly romBootloaderId: number;
    readonly uniqueIdAddress: number;
    readonly uniqueIdLength: number;
    /** 16 bits, KiB. */
    readonly flashSizeAddress: number;
    readonly source: string;
  };
  readonly flash: {
    readonly addressStart: number;
    readonly sizeBytes: number;
    readonly banks: readonly FlashBank[];
    readonly eraseUnits: readonly EraseUnit[];
    readonly aliases: readonly FlashAlias[];
    readonly source: string;
  };
  readonly write: {
    /** Bytes of one program operation as firmseal uses the chip. */
    readonly unitBytes: number;
    /** Chunks of a package are a multiple of it. */
    readonly chunkAlignmentBytes: number;
    readonly parallelism: Parallelism;
    readonly modes: readonly WriteMode[];
    /** What a second program of the same unit does. */
    readonly overwrite: 'clears-bits' | 'breaks-ecc';
    /** Bytes under one error correcting code; 0 = none. */
    readonly eccGranuleBytes: number;
    readonly source: string;
  };
  readonly timing: {
    /** One write unit of the mode. */
    readonly program: TimingByParallelism;
    /** By size of the erase unit. */
    readonly erase: ReadonlyMap<number, TimingByParallelism>;
    readonly massErase: TimingByParallelism;
    readonly source: string;
    readonly massEraseSource: string;
    readonly optionProgram: Timing & { readonly source: string };
  };
  readonly ram: readonly RamRange[];
  readonly ramSource: string;
  readonly otp?: Range & { readonly source: string };
  readonly romBootloader: Range & { readonly source: string };
  readonly options: {
    readonly registers: readonly OptionRegister[];
    /** A field that, while 1, makes a write protection bit protect when it is 1 (F427: SPRMOD). */
    readonly invertsWriteProtection?: string;
    readonly source: string;
    readonly defaultSource: string;
  };
  readonly readoutProtection: ReadoutProtection;
  readonly boot: BootConfiguration;
  readonly layout: Layout;
  readonly linkDoors: readonly LinkDoor[];
  readonly linkDoorsSource: string;
  readonly sources: Readonly<Record<string, Source>>;
}

// What the catalogue says of a chip, as types. The data stand in data/<id>.json; every group of figures names
// its source, a key of `sources`, and a source that was not checked says so. Addresses are byte addresses as
// the CPU sees them after reset, lengths and sizes bytes, times microseconds. How it is read: read-chip.ts.

import type {
  AgentLink,
  BootloaderVersion,
  DebugIdentity,
  DfuBootloader,
  LinkDoor,
  OptionMemoryWindow,
  UartBootloader,
} from './doors.ts';
import type {
  EraseUnit,
  FlashAlias,
  FlashBank,
  FlashController,
  Parallelism,
  Timing,
  TimingByParallelism,
  WriteMode,
} from './flash.ts';
import type {
  BootConfiguration,
  ExecuteOnly,
  FieldValue,
  OptionRegister,
  OptionWay,
  ReadoutLevel,
  ReadoutProtection,
} from './protection.ts';
import type { NamedRange, Range, Source } from './range.ts';

/** Where an application can live: linked at one range, stored at another or the same. */
export interface ApplicationSlot {
  readonly name: string;
  readonly linkStart: number;
  readonly storeStart: number;
  readonly length: number;
  /**
   * How the agent hands over: a jump, or a jump after swapping the banks' addresses (SYSCFG_MEMRMP.FB_MODE).
   */
  readonly handover: 'jump' | 'swap-banks';
  readonly meaning: string;
}

/**
 * One of the two units of the agent's journal: one erase unit, or adjacent ones that are erased one
 * after the other where a page is too small for the records. The agent takes a half-erased group
 * for what it is: no intact record.
 */
export interface JournalUnit {
  readonly addressStart: number;
  readonly sizeBytes: number;
  readonly eraseUnits: readonly EraseUnit[];
}

export interface Layout {
  /**
   * What runs first after a reset: it checks the agent, replaces it, loads one. The
   * chip boots from its start.
   */
  readonly anchor: NamedRange;
  /**
   * What the anchor goes by, written at personalization: root, measured agent, board settings. With the
   * anchor the only erase units that the final option bytes protect.
   */
  readonly anchorData: Range;
  /** The block of board settings (spec/board.md): the end of `anchorData`. */
  readonly board: Range;
  /** Slot A: header and code of the agent that runs. Agents are linked for it. */
  readonly agent: NamedRange;
  /** Slot B, as long as slot A: a copy of it, or the agent that replaces it. */
  readonly agentCopy: Range;
  readonly identity: NamedRange;
  /** The second copy, in an erase unit of its own or in that of slot B. */
  readonly identityCopy: Range;
  readonly journal: readonly [JournalUnit, JournalUnit];
  /** In the order in which an image is tried. */
  readonly slots: readonly ApplicationSlot[];
  /**
   * Bytes of application between two journaled marks of progress; each mark stands at
   * the start of an erase unit.
   */
  readonly progressStrideBytes: number;
  readonly source: string;
}

export interface RamRange extends NamedRange {
  readonly name: string;
  /** `backup` is kept by the battery and protected like flash. */
  readonly kind: 'sram' | 'backup';
  /** Readout protection shuts it as it does the flash (SRAM2 of L4 and U5). */
  readonly guarded?: boolean;
  /** A regression of readout protection erases it. */
  readonly erasedByRegression?: boolean;
  /** Every system reset erases it while the option field has that value. */
  readonly erasedAtResetWhile?: FieldValue;
}

/** The programmable voltage detector: one level of it is chosen, and a bit says whether VDD is below. */
export interface SupplyMonitor {
  readonly controlAddress: number;
  readonly enableBit: number;
  /** Where in the control register the number of the level goes, 3 bits each. */
  readonly levelShifts: readonly number[];
  readonly statusAddress: number;
  /** 1: VDD is below the level. */
  readonly lowBit: number;
  /** Of level 0, 1 and so on, rising: what a falling VDD has to come below. */
  readonly fallingMillivolts: readonly number[];
}

interface Supply {
  /** VDD from which the flash may be erased and programmed as firmseal does it. */
  readonly leastMillivolts: number;
  /** Below it the chip is in reset, whatever the option bytes say. */
  readonly resetMillivolts: number;
  /** Absent where no port of the agent uses it. */
  readonly monitor?: SupplyMonitor;
  readonly source: string;
}

/**
 * What holds at a level that can be taken back, for owners who must be able to repair (spec/receipt.md
 * section 4, REPAIRABLE). Absent where the level promises nothing that is worth a name.
 */
interface RepairTier {
  readonly readoutLevel: 1;
  /** What a debugger reaches at that level, and what it does not. */
  readonly debuggerReads: readonly string[];
  readonly debuggerRefused: readonly string[];
  readonly promised: readonly string[];
  readonly notPromised: readonly string[];
  readonly source: string;
}

/** Parts of another name that are this chip to firmseal: same device id, flash, option bytes and agent. */
interface Variant {
  readonly name: string;
  readonly names: readonly string[];
  readonly differs: string;
  readonly source: string;
}

/** OpenOCD's side of a chip: a file of its folder `target`, and what that file wants to be set before it. */
interface OpenocdTarget {
  readonly target: string;
  readonly before?: string;
  /** The first release that has the file, `0.12`. */
  readonly leastVersion: string;
  readonly source: string;
}

export interface Chip {
  /** `stm32f427`: the name in packages, certificates and receipts. */
  readonly id: string;
  /** A small number of the catalogue, never reused. */
  readonly number: number;
  readonly names: readonly string[];
  readonly variants?: readonly Variant[];
  readonly core: string;
  readonly hasRandomGenerator: boolean;
  /** What VTOR can hold: the table's size for all interrupts of the part, rounded up to a power of two. */
  readonly vectorTable: { readonly alignmentBytes: number; readonly source: string };
  readonly tier: {
    readonly tier: 'A' | 'B' | 'C';
    /** The readout level from which the chip is of this tier. */
    readonly readoutLevel: ReadoutLevel;
    /** Whether hardware hides the agent from the application, as firmseal uses the chip. */
    readonly agentHidden: boolean;
    /** What of the chip could hide it and is not used. */
    readonly unusedHiding?: string;
    readonly repair?: RepairTier;
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
    /** Banks and erase units are as listed only while the field has that value. */
    readonly onlyWith?: FieldValue;
    readonly source: string;
  };
  readonly write: {
    /** Bytes of one program operation as firmseal uses the chip. */
    readonly unitBytes: number;
    /** Chunks of a package are a multiple of it. */
    readonly chunkAlignmentBytes: number;
    readonly parallelism: Parallelism;
    readonly modes: readonly WriteMode[];
    /**
     * What a second program of the same unit does. `refused`: the controller looks first and raises
     * PROGERR; all zeros are let through.
     */
    readonly overwrite: 'clears-bits' | 'breaks-ecc' | 'refused';
    /** Bytes under one error correcting code; 0 = none. */
    readonly eccGranuleBytes: number;
    /**
     * What a read of a broken code does: nothing to break, a bus fault, or a non-maskable
     * interrupt with the word delivered.
     */
    readonly brokenRead: 'none' | 'bus-fault' | 'nmi';
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
  readonly supply: Supply;
  /** Erases of one erase unit that the data sheet promises. */
  readonly endurance: { readonly cycles: number; readonly source: string };
  /**
   * `length` counts the lock bytes, which stand at `locks.offset`: one for each
   * `locks.blockBytes`, 0 locks (F4).
   */
  readonly otp?: Range & {
    readonly locks?: { readonly offset: number; readonly blockBytes: number };
    readonly source: string;
  };
  readonly romBootloader: Range & {
    /** What Get ID answers; the device id but for parts where AN2606 says otherwise. */
    readonly productId: number;
    readonly version: BootloaderVersion;
    /** Absent where the bootloader shows no option bytes, or nobody knows where. */
    readonly optionMemory?: { readonly windows: readonly OptionMemoryWindow[]; readonly source: string };
    readonly uart?: UartBootloader;
    readonly dfu?: DfuBootloader;
    readonly source: string;
  };
  readonly debug: DebugIdentity;
  readonly flashController: FlashController;
  readonly options: {
    /** The ways in which option bytes can be read and changed from outside. */
    readonly ways: readonly OptionWay[];
    readonly registers: readonly OptionRegister[];
    /** Where option bytes are seen as memory beside the flash; absent where registers alone show them. */
    readonly mapped?: readonly Range[];
    /** A field that, while 1, makes a write protection bit protect when it is 1 (F427: SPRMOD). */
    readonly invertsWriteProtection?: string;
    readonly source: string;
    readonly defaultSource: string;
  };
  readonly readoutProtection: ReadoutProtection;
  /** Absent on parts without PCROP. */
  readonly executeOnly?: ExecuteOnly;
  readonly boot: BootConfiguration;
  readonly layout: Layout;
  /** What the agent's machine code can use as its link; absent without a port of the agent. */
  readonly agentLink?: AgentLink;
  readonly linkDoors: readonly LinkDoor[];
  /** How OpenOCD is told of the chip. */
  readonly openocd: OpenocdTarget;
  readonly linkDoorsSource: string;
  readonly sources: Readonly<Record<string, Source>>;
}

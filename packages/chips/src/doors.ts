// Types of what the catalogue says of the ways into a chip: the agent's links, the ROM bootloader's
// protocols, and what a debug probe finds.

import type { Range } from './range.ts';

export interface LinkDoor {
  readonly kind: 'uart' | 'usb';
  readonly peripheral: string;
  readonly pins: string;
}

/** A UART that the agent's machine code drives. */
export interface AgentUart {
  /** `USART3`; a UART is written as the USART of its number. */
  readonly peripheral: string;
  readonly addressStart: number;
  /** Register and bit of the RCC that turn its clock on. */
  readonly clockRegister: number;
  readonly clockBit: number;
  /** Of its bus, as the agent sets the clocks. */
  readonly clockHz: number;
}

export interface AgentLink {
  /** Letters of the GPIO ports whose pins can be named in board settings. */
  readonly ports: string;
  /** The first one is taken without board settings. */
  readonly uarts: readonly AgentUart[];
  /** Records that may be unanswered: as many as find room in the agent's RAM; 1 when absent. */
  readonly window?: number;
  readonly source: string;
}

export interface UartBootloader {
  /** What Get and Get Version answer: 0x31 = protocol 3.1. */
  readonly protocolVersion: number;
  /** Commands that Get lists, in its order. */
  readonly commands: readonly number[];
  readonly source: string;
}

export interface DfuBootloader {
  /** Layout string of each alternate setting, from 0. */
  readonly alternates: readonly string[];
  readonly transferSizeBytes: number;
  readonly bcdDevice: number;
  readonly source: string;
}

/** A part of an option register where the ROM bootloaders show it as memory. */
export interface OptionMemoryPart {
  /** From the start of the window. */
  readonly offset: number;
  /** Id of the register. */
  readonly register: number;
  /** Lowest bit of the register that is there; bytes follow upwards (little-endian). */
  readonly shift: number;
  readonly lengthBytes: number;
  readonly writable: boolean;
}

/** Option bytes as memory, written in one go; the chip resets after it. */
export interface OptionMemoryWindow extends Range {
  /** What bytes read as that belong to no register. */
  readonly filler: number;
  /** Each part is followed by its complement, of the same length. */
  readonly complemented: boolean;
  /** Alternate setting of the DfuSe bootloader. */
  readonly alternate: number;
  readonly parts: readonly OptionMemoryPart[];
}

/** The byte that names the version of the whole bootloader: AN2606, "bootloader id". */
export interface BootloaderVersion {
  readonly address: number;
  readonly known: readonly number[];
  readonly source: string;
}

/** What a debug probe reads on the way to the core. */
export interface DebugIdentity {
  /** SW-DP DPIDR. */
  readonly dpIdCode: number;
  /** Access port of the core's memory, its IDR, and its BASE without the two low bits. */
  readonly apIndex: number;
  readonly apIdr: number;
  readonly romTableBase: number;
  readonly cpuId: number;
  readonly dbgmcuAddress: number;
  /** DBGMCU_IDCODE of one revision: revision << 16 | device id. */
  readonly idCode: number;
  readonly source: string;
}

// Types of what the catalogue says of the ways into a chip: the agent's links, the ROM bootloader's
// protocols, and what a debug probe finds.

export interface LinkDoor {
  readonly kind: 'uart' | 'usb';
  readonly peripheral: string;
  readonly pins: string;
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

// Registers of the Synopsys OTG core in device mode as RM0090 34.16 and RM0433 57.14 describe them: byte
// offsets, and the bits that the model knows. Endpoint 0 alone; no DMA, no interrupts to the processor.

export const usbRegisters = {
  ...{ otgControl: 0x000, otgEvents: 0x004, busControl: 0x008, usbConfig: 0x00c, resetControl: 0x010 },
  ...{ events: 0x014, receiveLook: 0x01c, receivePop: 0x020, receiveSize: 0x024, sendPlace: 0x028 },
  ...{ coreConfig: 0x038, deviceConfig: 0x800, deviceControl: 0x804, deviceStatus: 0x808 },
  ...{ inControl: 0x900, inEvents: 0x908, inSize: 0x910, inRoom: 0x918 },
  ...{ outControl: 0xb00, outEvents: 0xb08, outSize: 0xb10 },
} as const;

/** Where the registers of device mode begin and end: they cannot be written in host mode. */
export const deviceRegisters = { start: 0x800, end: 0xe00 } as const;

/** The window of the first FIFO: any word of it pushes to, or pops from, the same queue. */
export const fifoWindow = { start: 0x1000, end: 0x2000 } as const;

/** GINTSTS. */
export const event = {
  ...{ hostMode: 1 << 0, wrongMode: 1 << 1, session: 1 << 2, frame: 1 << 3, received: 1 << 4 },
  ...{ early: 1 << 10, suspended: 1 << 11, reset: 1 << 12, enumerated: 1 << 13 },
  ...{ inEndpoint: 1 << 18, outEndpoint: 1 << 19, resumed: 1 << 31 },
} as const;
/** Those that software takes back by writing 1. */
export const writeToClear =
  event.wrongMode |
  event.frame |
  event.early |
  event.suspended |
  event.reset |
  event.enumerated |
  event.resumed;

/** GRSTCTL. */
export const resetBits = { core: 1, flushReceive: 1 << 4, flushSend: 1 << 5, idle: 2 ** 31 } as const;
/** GUSBCFG. */
export const forceDevice = 1 << 30;
/** GOTGCTL: the session is valid, by a bit instead of by a pin (later core only). */
export const sessionByBit = (1 << 6) | (1 << 7);
/** GOTGINT: the session has ended. */
export const sessionEnd = 1 << 2;
/** GCCFG. */
export const coreBits = {
  powered: 1 << 16,
  /** First core: VBUS on the B side is sensed, or not looked at. Later core: VBUS is sensed. */
  ...{ senseFirst: 1 << 19, noSensingFirst: 1 << 21, senseLater: 1 << 21 },
} as const;
/** DCTL. */
export const softDisconnect = 1 << 1;
/** DCFG. */
export const addressBits = { at: 4, mask: 0x7f } as const;

/** DIEPCTL0 and DOEPCTL0. */
export const endpointBits = {
  ...{ packetCode: 3, active: 1 << 15, nak: 1 << 17, stall: 1 << 21 },
  ...{ clearNak: 1 << 26, setNak: 1 << 27, disable: 1 << 30, enable: 2 ** 31 },
} as const;
/** DIEPINT0 and DOEPINT0. */
export const endpointEvent = { done: 1 << 0, disabled: 1 << 1, setup: 1 << 3, empty: 1 << 7 } as const;

/** PKTSTS of GRXSTSP. */
export const received = { data: 2, dataDone: 3, setupDone: 4, setup: 6 } as const;

export const packetBytes = 64;
export const setupBytes = 8;
/** FDMOD takes force after that time (RM0090 34.16.2, OTG_FS_GUSBCFG). */
export const modeChangeUs = 25_000;

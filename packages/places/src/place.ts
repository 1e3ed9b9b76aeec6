// A place: where something is plugged in, never what is plugged in (spec/places.md
// section 2). Reading a text: parse-place.ts; the text of a place: place-text.ts. Opening one
// is for apps, which choose the adapters.

/** A USB socket: the bus, then the ports from its root hub on. */
export interface UsbSocket {
  /** 0 to 255. */
  readonly bus: number;
  /** 1 to 7 of them, each 1 to 255. */
  readonly ports: readonly number[];
}

export interface SerialPlace {
  readonly kind: 'serial';
  /** A path from the root, or `COM7`. */
  readonly path: string;
  /** Absent: the rate of the protocol that is spoken there. */
  readonly baud?: number;
}

export interface UsbPlace extends UsbSocket {
  /** `usb`: the device itself. `probe`: a debug probe, for which an OpenOCD is started. */
  readonly kind: 'usb' | 'probe';
}

export interface NetPlace {
  /**
   * `tcp`: a chip's link. `openocd`: the Tcl port of one that runs. `virtual`: the
   * debug port of a virtual chip.
   */
  readonly kind: 'tcp' | 'openocd' | 'virtual';
  /** A name in lower case, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A place of this machine, or one that it reaches by itself. */
export type NearPlace = SerialPlace | UsbPlace | NetPlace;

export interface StationPlace {
  readonly kind: 'station';
  readonly station: string;
  readonly place: NearPlace;
}

/** No place: the chip was programmed already. */
export interface WrittenPlace {
  readonly kind: 'written';
}

export type Place = NearPlace | StationPlace | WrittenPlace;
export type PlaceKind = Place['kind'];

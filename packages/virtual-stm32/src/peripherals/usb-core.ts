// The OTG core of F4 (first version) and H7 (later version) as a device, register by register: RM0090 34.16
// and 34.17, RM0433 57.14 and 57.15; what both versions share is written once. Slave mode, endpoint 0. What
// hardware answers with lost data, a dead core or silence on the bus, this model answers with the same, and
// notes it in `mistakes` for the judge of a test. This file is the side of software; usb-bus.ts is the side
// of the bus, usb-fifos.ts the memory between them, usb-wire.ts the host.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { Peripheral } from './peripheral.ts';
import { UsbBus } from './usb-bus.ts';
import {
  usbRegisters as at,
  coreBits,
  deviceRegisters,
  endpointBits,
  endpointEvent,
  event,
  fifoWindow,
  forceDevice,
  modeChangeUs,
  resetBits,
  sessionByBit,
  sessionEnd,
  softDisconnect,
  writeToClear,
} from './usb-core-registers.ts';
import { UsbFifos } from './usb-fifos.ts';
import { UsbValues } from './usb-values.ts';

/** How well 48 MHz are made: not at all; by an oscillator that USB does not bear; within 0.25 %. */
export type UsbClock = 'none' | 'rough' | 'exact';

export interface UsbCoreParts {
  readonly addressStart: number;
  readonly isFirst: boolean;
  /** Words of the memory that the FIFOs share. */
  readonly fifoWords: number;
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  /** The gate of the bus clock, as RCC has it. */
  readonly isClocked: () => boolean;
  readonly clock: () => UsbClock;
  /** Supply of the transceiver, and the pins' alternate function. */
  readonly isWired: () => boolean;
  /** Software looks for events: the host may act. */
  readonly looked: () => void;
}

export class UsbCore implements Peripheral {
  readonly name = 'OTG';
  readonly addressStart: number;
  readonly sizeBytes = 0x2_0000;
  /** What software did wrong since power-on, in words. */
  readonly mistakes: string[] = [];
  /** The host's cable, with VBUS. */
  plugged = true;
  readonly #parts: UsbCoreParts;
  readonly #values = new UsbValues();
  readonly #fifos: UsbFifos;
  /** What the host does to the device. */
  readonly bus: UsbBus;
  #forcedAtUs: number | undefined;
  #lookedForMode = false;
  #resetsCore = false;

  constructor(parts: UsbCoreParts) {
    this.#parts = parts;
    this.addressStart = parts.addressStart;
    const shared = { values: this.#values, mistake: (what: string) => this.#mistake(what) };
    this.#fifos = new UsbFifos({ ...shared, fifoWords: parts.fifoWords });
    this.bus = new UsbBus({
      ...{ ...shared, fifos: this.#fifos },
      isAttached: () => this.attached,
      isExact: () => parts.clock() === 'exact',
    });
  }

  #mistake(what: string): void {
    this.mistakes.push(what);
  }

  reset(): void {
    this.#values.reset();
    this.#fifos.reset();
    this.bus.reset();
    this.#forcedAtUs = undefined;
    this.#lookedForMode = false;
    this.#resetsCore = false;
  }

  losePower(): void {
    this.mistakes.length = 0;
  }

  get #isDevice(): boolean {
    return this.#forcedAtUs !== undefined && this.#parts.nowUs() >= this.#forcedAtUs + modeChangeUs;
  }

  get #hasSession(): boolean {
    if (this.#parts.isFirst)
      return this.#values.has(at.coreConfig, coreBits.noSensingFirst)
        ? true
        : this.#values.has(at.coreConfig, coreBits.senseFirst) && this.plugged;
    if (this.#values.has(at.coreConfig, coreBits.senseLater)) return this.plugged;
    return this.#values.has(at.otgControl, sessionByBit);
  }

  /**
   * Whether the host sees a device: a cable, and the pull-up of one that is powered, clocked and connected.
   */
  get attached(): boolean {
    return (
      this.plugged &&
      this.#parts.isClocked() &&
      this.#parts.clock() !== 'none' &&
      this.#parts.isWired() &&
      this.#values.has(at.coreConfig, coreBits.powered) &&
      this.#isDevice &&
      (this.#values.held(at.deviceConfig) & 3) === 3 &&
      !this.#values.has(at.deviceControl, softDisconnect) &&
      this.#hasSession
    );
  }

  readRegister(offset: number): number {
    if (!this.#parts.isClocked()) return 0;
    if (offset >= fifoWindow.start && offset < fifoWindow.end) return this.#fifos.popWord();
    switch (offset) {
      case at.events:
        return this.#readEvents();
      case at.resetControl:
        return this.#readReset();
      case at.receiveLook:
        return this.#fifos.nextStatus;
      case at.receivePop:
        return this.#fifos.popEntry();
      case at.deviceStatus:
        return (this.bus.isSuspended ? 1 : 0) | (this.bus.isEnumerated ? 6 : 0);
      case at.inRoom:
        return this.#fifos.sendRoom;
      case at.inEvents:
        return this.#values.held(offset) | (this.#fifos.sendLength === 0 ? endpointEvent.empty : 0);
      default:
        return this.#values.held(offset);
    }
  }

  #readEvents(): number {
    if (this.#forcedAtUs !== undefined && !this.#isDevice) {
      // Software that looks again and again waits for it: time passes.
      if (this.#lookedForMode) this.#parts.waitUntilUs(this.#forcedAtUs + modeChangeUs);
      this.#lookedForMode = true;
    } else if (this.#isDevice) this.#parts.looked();
    return (
      (this.#values.held(at.events) |
        (this.#isDevice ? 0 : event.hostMode) |
        (this.#values.held(at.otgEvents) !== 0 ? event.session : 0) |
        (this.#fifos.hasReceived ? event.received : 0)) >>>
      0
    );
  }

  #readReset(): number {
    if (this.#parts.clock() === 'none') return this.#resetsCore ? resetBits.core : 0; // a core without its clock
    if (this.#resetsCore) this.reset();
    return resetBits.idle;
  }

  writeRegister(offset: number, value: number, _by: MemoryAccess): void {
    if (!this.#parts.isClocked()) {
      this.#mistake('a register was written without its clock');
      return;
    }
    if (this.#resetsCore) this.#mistake('a register was written while the core is being reset');
    else if (offset >= fifoWindow.start && offset < fifoWindow.end) this.#fifos.pushWord(value);
    else if (offset >= deviceRegisters.start && offset < deviceRegisters.end && !this.#isDevice) {
      this.#mistake(`register 0x${offset.toString(16)} of device mode was written in host mode`);
      this.#values.raise(at.events, event.wrongMode);
    } else this.#write(offset, value);
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case at.events:
        this.#values.drop(offset, value & writeToClear);
        return;
      case at.otgEvents:
      case at.outEvents:
      case at.inEvents:
        this.#values.drop(offset, value);
        return;
      case at.resetControl:
        this.#writeReset(value);
        return;
      case at.usbConfig:
        if ((value & forceDevice) !== 0) this.#forcedAtUs ??= this.#parts.nowUs();
        else this.#forcedAtUs = undefined;
        this.#values.hold(offset, value);
        return;
      case at.deviceConfig:
        this.#values.hold(offset, value);
        return;
      case at.inControl:
        this.#writeIn(value);
        return;
      case at.outControl:
        this.#writeOut(value);
        return;
      case at.inSize:
        if (this.#values.has(at.inControl, endpointBits.enable))
          this.#mistake('the size of an armed endpoint was changed');
        this.#values.hold(offset, value);
        return;
      case at.receivePop:
      case at.receiveLook:
      case at.deviceStatus:
      case at.inRoom:
        return;
      default:
        this.#values.hold(offset, value);
        return;
    }
  }

  #writeReset(value: number): void {
    if ((value & resetBits.core) !== 0) this.#resetsCore = true;
    if (this.#parts.clock() === 'none') return;
    if ((value & resetBits.flushReceive) !== 0) this.#fifos.flushReceived();
    if ((value & resetBits.flushSend) === 0 || ((value >>> 6) & 0x1f & 0xf) !== 0) return;
    if (this.#values.has(at.inControl, endpointBits.enable))
      this.#mistake('the FIFO of an armed endpoint was flushed');
    this.#fifos.flushSend();
  }

  #noteArmed(): void {
    if (!this.bus.isEnumerated) this.#mistake('an endpoint was armed before enumeration');
    this.#fifos.checkPlaces();
  }

  /** NAK, STALL and the packet size as both directions have them. */
  #kept(offset: number, value: number): number {
    const { nak, setNak, clearNak, stall, packetCode, active, enable } = endpointBits;
    let kept = this.#values.held(offset) & (nak | enable);
    if (value & clearNak) kept &= ~nak;
    if (value & setNak) kept |= nak;
    return kept | active | (value & (stall | packetCode));
  }

  #writeIn(value: number): void {
    const { enable, disable } = endpointBits;
    const wasArmed = this.#values.has(at.inControl, enable);
    let kept = this.#kept(at.inControl, value);
    if ((value & disable) !== 0 && wasArmed) {
      kept &= ~enable;
      this.#values.raise(at.inEvents, endpointEvent.disabled);
    } else if (value >>> 31 === 1) {
      if (!wasArmed) this.#noteArmed();
      kept |= enable;
    }
    this.#values.hold(at.inControl, kept);
  }

  #writeOut(value: number): void {
    const kept = this.#kept(at.outControl, value);
    const arms = value >>> 31 === 1;
    if (arms && !this.#values.has(at.outControl, endpointBits.enable)) this.#noteArmed();
    this.#values.hold(at.outControl, arms ? kept | endpointBits.enable : kept);
  }

  /** The cable goes: a session that is sensed ends, else the bus is idle. */
  unplug(): void {
    const { isFirst } = this.#parts;
    const senses = this.#values.has(at.coreConfig, isFirst ? coreBits.senseFirst : coreBits.senseLater);
    this.plugged = false;
    if (senses) this.#values.raise(at.otgEvents, sessionEnd);
    else this.bus.suspend();
  }
}

// The chip's USB connector: what its firmware shows there, as a device that a transport
// (usbip-server.ts) or a program in the same process can use. A reset, a power cut or firmware that
// lets go of USB takes it off the bus.

import type { ChipEvent } from '../chip/options.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';
import { type Pacer, unpaced } from './pacer.ts';
import { type Answered, UsbDetached, type UsbDevice } from './usb-device.ts';
import type { Setup, UsbAnswer, UsbFunction } from './usb-function.ts';

interface Attached {
  readonly shown: UsbFunction;
  readonly device: UsbDevice;
  readonly gone: AbortController;
}

export class ChipUsbPort {
  readonly #chip: VirtualChip;
  readonly #pacer: Pacer;
  readonly #onEventBefore: (event: ChipEvent) => void;
  #attached: Attached | undefined;

  /** Listens to the chip's events, and passes them on to who listened before. */
  constructor(chip: VirtualChip, pacer: Pacer = unpaced) {
    this.#chip = chip;
    this.#pacer = pacer;
    this.#onEventBefore = chip.onEvent;
    chip.onEvent = (event) => {
      this.#onEventBefore(event);
      this.#look();
    };
  }

  /** What is on the bus now; the same object until it leaves. */
  get device(): UsbDevice | undefined {
    this.#look();
    const shown = this.#chip.usb;
    if (shown === undefined) return undefined;
    this.#attached ??= this.#attach(shown);
    return this.#attached.device;
  }

  close(): void {
    this.#chip.onEvent = this.#onEventBefore;
    this.#attached?.gone.abort();
    this.#attached = undefined;
    this.#pacer.close();
  }

  #look(): void {
    const attached = this.#attached;
    if (attached === undefined || this.#chip.usb === attached.shown) return;
    this.#attached = undefined;
    this.#pacer.at(this.#chip.clock.nowUs, () => attached.gone.abort());
  }

  #attach(shown: UsbFunction): Attached {
    const gone = new AbortController();
    const interfaceDescriptor = shown.interfaceDescriptor?.bind(shown);
    const device: UsbDevice = {
      speed: shown.speed,
      deviceDescriptor: shown.deviceDescriptor,
      configurationDescriptor: shown.configurationDescriptor,
      strings: shown.strings,
      interfaces: shown.interfaces,
      ...(shown.bosDescriptor === undefined ? {} : { bosDescriptor: shown.bosDescriptor }),
      ...(interfaceDescriptor === undefined ? {} : { interfaceDescriptor }),
      ...(shown.answersStandard === true
        ? { answersStandard: true, attached: () => this.#run(shown, () => shown.attached?.()) }
        : {}),
      configured: () => this.#run(shown, () => shown.configured?.()),
      selectAlternate: (number, alternate) =>
        this.#run(shown, () => shown.selectAlternate?.(number, alternate)),
      control: (setup, data, answered) => this.#control(shown, setup, data, answered),
      detached: gone.signal,
    };
    return { shown, device, gone };
  }

  /** Nothing happens once the device has left. */
  #run(shown: UsbFunction, action: () => void): void {
    if (this.#chip.usb === shown) this.#chip.withUsb(action);
    this.#pacer.at(this.#chip.clock.nowUs, () => {});
    this.#look();
  }

  /** Settles when the answer reaches the host, or when it is certain that none will come. */
  #control(
    shown: UsbFunction,
    setup: Setup,
    data: Uint8Array,
    early: Answered | undefined,
  ): Promise<UsbAnswer> {
    return new Promise((resolve, reject) => {
      let answered = false;
      this.#run(shown, () =>
        shown.control(setup, data, (bytes) => {
          answered = true;
          this.#pacer.at(this.#chip.clock.nowUs, () => {
            early?.(bytes);
            resolve(bytes);
          });
        }),
      );
      if (!answered) this.#pacer.at(this.#chip.clock.nowUs, () => reject(new UsbDetached()));
    });
  }
}

// A debugger of a few lines for tests, over the registers of the debug port: what an attacker with a probe
// can do and no more. ADIv5 (IHI 0031) and the core's debug registers (DDI 0419, C1.6).

import type { SwDebugPort } from '../src/debug/debug-port-registers.ts';

const haltingControl = 0xe000_edf0;
const registerSelector = 0xe000_edf4;
const registerData = 0xe000_edf8;
const debugKey = 0xa05f_0000;
const halted = 1 << 17;

export class TestDebugger {
  readonly #port: SwDebugPort;
  readonly #accessPort: number;

  constructor(port: SwDebugPort, accessPort = 0) {
    this.#port = port;
    this.#accessPort = accessPort;
  }

  /** The identity of the debug port; undefined when nothing answers. */
  connect(): number | undefined {
    const identity = this.#port.readDp(0);
    this.#port.writeDp(0, 0x1e);
    this.#port.writeDp(4, 0x5000_0000);
    return identity.ok ? identity.value : undefined;
  }

  #aim(address: number): void {
    this.#port.writeDp(0, 0x1e);
    this.#port.writeDp(8, this.#accessPort << 24);
    this.#port.writeAp(0x00, 0x2300_0002);
    this.#port.writeAp(0x04, address);
  }

  /** Undefined is a fault or silence. */
  readWord(address: number): number | undefined {
    this.#aim(address);
    const answer = this.#port.readAp(0x0c);
    return answer.ok ? answer.value : undefined;
  }

  /** False when the debug port reports a fault, or nothing. */
  writeWord(address: number, value: number): boolean {
    this.#aim(address);
    return this.#port.writeAp(0x0c, value).ok && this.#port.readDp(0x0c).ok;
  }

  /** Length a multiple of 4. */
  writeBytes(address: number, bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < bytes.length; i += 4)
      if (!this.writeWord(address + i, view.getUint32(i, true))) return false;
    return true;
  }

  readBytes(address: number, length: number): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < length; i += 4) {
      const word = this.readWord(address + i);
      if (word === undefined) return undefined;
      view.setUint32(i, word, true);
    }
    return bytes;
  }

  halt(): boolean {
    return this.writeWord(haltingControl, debugKey | 3) && this.isHalted;
  }

  get isHalted(): boolean {
    return ((this.readWord(haltingControl) ?? 0) & halted) !== 0;
  }

  resume(): void {
    this.writeWord(haltingControl, debugKey | 1);
  }

  step(): void {
    this.writeWord(haltingControl, debugKey | 5);
  }

  register(number: number): number | undefined {
    this.writeWord(registerSelector, number);
    return this.readWord(registerData);
  }

  setRegister(number: number, value: number): void {
    this.writeWord(registerData, value);
    this.writeWord(registerSelector, (1 << 16) | number);
  }

  /** Loads a program into RAM and starts it with its own stack; false when it cannot be loaded. */
  start({ code, address, stack }: { code: Uint8Array; address: number; stack: number }): boolean {
    if (!this.halt() || !this.writeBytes(address, code)) return false;
    this.setRegister(13, stack);
    this.setRegister(15, address);
    this.setRegister(16, 0x0100_0000);
    this.resume();
    return true;
  }
}

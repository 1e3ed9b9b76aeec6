// Plays anchor and agent of device/agent compiled to WebAssembly: the module is taken from the chip's flash
// at each start, its imports are the chip, its memory stands in the chip's SRAM. A simulation of their logic,
// not of their timing or of what a debugger would see of machine code.

import type { Crypto } from '@firmseal/crypto';
import type { UsbFunction } from '../doors/usb-function.ts';
import { modulePlace, readModule } from './agent-image.ts';
import type { CpuPort, ExecutorFactory, FirmwareExecutor } from './executor.ts';
import { cryptoImports } from './wasm-agent-crypto.ts';
import { type AgentMemory, type AgentWord, portImports } from './wasm-agent-port.ts';
import { type AgentUsbExports, agentUsb } from './wasm-agent-usb.ts';

/** The part of the WebAssembly interface that is used; the compiler settings bring no types of a browser. */
interface WasmModule {
  readonly brand: 'module';
}
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => { exports: unknown };
};

/** The anchor has the same exports but for USB. */
interface AgentExports extends AgentUsbExports {
  fs_boot(): void;
  fs_receive(length: number): void;
  fs_receive_capacity(): number;
}

/**
 * Compiled modules by the SHA-256 of what stood in flash; compiling takes a hundred
 * times as long as starting.
 */
const compiled = new Map<string, WasmModule>();

/**
 * Undefined for bytes that are no module: an agent that was erased in part does not
 * run, as machine code would not.
 */
function compile(crypto: Crypto, bytes: Uint8Array): WasmModule | undefined {
  const key = crypto.sha256(bytes).join();
  let module = compiled.get(key);
  if (module === undefined) {
    if (!WebAssembly.validate(bytes)) return undefined;
    module = new WebAssembly.Module(bytes);
    compiled.set(key, module);
  }
  return module;
}

/** The module where the chip starts; undefined when no module is expected there, or none stands there. */
function moduleAt(cpu: CpuPort): Uint8Array | undefined {
  const place = modulePlace(cpu.chip, cpu.boot.address);
  if (place === undefined) return undefined;
  return readModule(place, (address, length) => {
    const bytes = cpu.readFlash(address, length);
    return typeof bytes === 'string' ? undefined : bytes;
  });
}

const isAnchor = ({ boot, chip }: CpuPort): boolean => boot.address === chip.layout.anchor.addressStart;

/**
 * Where the application leaves its request before it resets, so that the agent stays on its link: the last 16
 * bytes of the first 64 KiB of the chip's first RAM range. The agent clears it.
 */
export const agentRequest = {
  offset: 0xfff0,
  bytes: Uint8Array.from('firmseal: agent!', (letter) => letter.charCodeAt(0)),
} as const;

/** What an application on trial leaves in the same place to be kept. */
export const trialConfirmation = Uint8Array.from('firmseal: confir', (letter) => letter.charCodeAt(0));

/** What an application leaves there to find a receipt when it runs again. */
export const receiptRequest = Uint8Array.from('firmseal:receipt', (letter) => letter.charCodeAt(0));

const wordAddress = ({ chip }: CpuPort): number => chip.ram[0]!.addressStart + agentRequest.offset;

/** What the pin and the application say; the application's word is taken out. */
function takeWord(cpu: CpuPort): AgentWord {
  const address = wordAddress(cpu);
  const found = cpu.readRam(address, agentRequest.bytes.length);
  const holds = (bytes: Uint8Array) =>
    typeof found !== 'string' && bytes.every((byte, i) => found[i] === byte);
  const [asked, confirmed] = [holds(agentRequest.bytes), holds(trialConfirmation)];
  const receipt = holds(receiptRequest);
  // Now, not when the agent says so: its own memory is about to stand in this place.
  if (asked || confirmed || receipt) cpu.writeRam(address, new Uint8Array(agentRequest.bytes.length));
  return { requested: asked || cpu.pin('agent-request'), confirmed, receipt };
}

class WasmAgent implements FirmwareExecutor {
  readonly #crypto: Crypto;
  #exports: AgentExports | undefined;
  #usb: UsbFunction | undefined;
  #instantiate: () => AgentExports = () => {
    throw new Error('the agent was not started');
  };
  /** A call that never returned leaves the instance with its stack half used. */
  #unwound = false;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  start(cpu: CpuPort): void {
    const module = compile(this.#crypto, moduleAt(cpu)!)!;
    const before = isAnchor(cpu) ? cpu.readRam(wordAddress(cpu), agentRequest.bytes.length) : undefined;
    const word =
      before === undefined ? takeWord(cpu) : { requested: false, confirmed: false, receipt: false };
    const memory: AgentMemory = () => new Uint8Array(this.#exports!.memory.buffer);
    this.#instantiate = () => {
      const fs = { ...portImports(cpu, memory, word), ...cryptoImports(this.#crypto, memory) };
      return new WebAssembly.Instance(module, { fs }).exports as AgentExports;
    };
    this.#exports = this.#instantiate();
    cpu.mountRam(cpu.chip.ram[0]!.addressStart, memory);
    // The anchor uses other RAM than that of the word, which it leaves for the agent.
    if (before instanceof Uint8Array) cpu.writeRam(wordAddress(cpu), before);
    this.#call(({ fs_boot }) => fs_boot());
    if (before === undefined) this.#usb = agentUsb((run) => this.#call(run));
  }

  get usb(): UsbFunction | undefined {
    return this.#usb;
  }

  #call<T>(run: (exports: AgentExports) => T): T {
    this.#unwound = true;
    const result = run(this.#exports!);
    this.#unwound = false;
    return result;
  }

  revive(): void {
    if (!this.#unwound) return;
    this.#exports = this.#instantiate();
    this.#unwound = false;
  }

  receive(bytes: Uint8Array): void {
    const { fs_receive, fs_receive_buffer, fs_receive_capacity, memory } = this.#exports!;
    const capacity = fs_receive_capacity();
    for (let offset = 0; offset < bytes.length; offset += capacity) {
      const piece = bytes.subarray(offset, offset + capacity);
      new Uint8Array(memory.buffer).set(piece, fs_receive_buffer());
      this.#call(() => fs_receive(piece.length));
    }
  }
}

/** An executor for chips whose flash holds an agent image (agentImage). */
export function wasmAgent(crypto: Crypto): ExecutorFactory {
  return {
    recognizes(cpu) {
      if (cpu.boot.from !== 'flash' || cpu.boot.banksSwapped) return false;
      const image = moduleAt(cpu);
      return image !== undefined && compile(crypto, image) !== undefined;
    },
    create: () => new WasmAgent(crypto),
  };
}

// The crypto runner in the WebAssembly build: the port whose every function is an import, served by the same
// imports that the virtual chip gives the agent (packages/virtual-stm32), over node:crypto.

import { readFileSync } from 'node:fs';
import type { Crypto } from '@firmseal/crypto';
import { wasmAgentCrypto } from '@firmseal/virtual-stm32';
import { buildWithTests } from '../../../build.ts';
import { type Answer, decodeAnswers, encodeRequest, type Request } from './crypto-requests.ts';

declare const WebAssembly: {
  Module: { new (bytes: Uint8Array): object; imports(module: object): { name: string }[] };
  Instance: new (module: object, imports: object) => { exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  crypto_request(): number;
  crypto_reply(): number;
  crypto_run(length: number): number;
}

/** Answers requests one by one. What the host throws comes through: a port answers, it does not throw. */
export async function wasmRunner(crypto: Crypto): Promise<(request: Request) => Answer> {
  const names = ['crypto_runner.c', 'crypto_runner.h', 'crypto_stream_wasm.c'];
  const sources = new Map(names.map((name) => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
  const module = new WebAssembly.Module(await buildWithTests('stm32f427', sources, { memoryBytes: 131_072 }));
  const imports = wasmAgentCrypto(crypto, () => new Uint8Array(exports.memory.buffer));
  // The chip's imports are there too, and are not to be called.
  const chip = WebAssembly.Module.imports(module).map(({ name }): [string, () => never] => [
    name,
    () => {
      throw new Error(`the crypto runner has no ${name}`);
    },
  ]);
  const fs = { ...Object.fromEntries(chip), ...imports };
  const exports = new WebAssembly.Instance(module, { fs }).exports as Exports;
  return (request) => {
    const bytes = encodeRequest(request);
    new Uint8Array(exports.memory.buffer).set(bytes, exports.crypto_request());
    const length = exports.crypto_run(bytes.length);
    const reply = new Uint8Array(exports.memory.buffer).slice(exports.crypto_reply()).slice(0, length);
    return decodeAnswers(reply, 1)[0]!;
  };
}

// Whether a program file is 32 or 64 bits wide, from its header: PE (Windows), ELF (Linux), Mach-O (macOS).
// The 32-bit Windows build of ST's tool does not do debug authentication.

import { closeSync, openSync, readSync } from 'node:fs';

const headBytes = 1024;

function head(path: string): Uint8Array | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(headBytes);
      return bytes.subarray(0, readSync(file, bytes, 0, headBytes, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Undefined for scripts and other files. */
export function widthOf(bytes: Uint8Array): 32 | 64 | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (offset: number) => (offset + 4 <= bytes.length ? view.getUint32(offset, true) : undefined);
  const magic = at(0);
  if (magic === undefined) return undefined;
  if (magic === 0x464c457f) return bytes[4] === 1 ? 32 : bytes[4] === 2 ? 64 : undefined;
  if (magic === 0xfeedfacf) return 64;
  if (magic === 0xfeedface) return 32;
  if ((magic & 0xffff) !== 0x5a4d) return undefined;
  const portable = at(0x3c);
  if (portable === undefined || at(portable) !== 0x4550) return undefined;
  const machine = at(portable + 4);
  return machine === undefined ? undefined : (machine & 0xffff) === 0x14c ? 32 : 64;
}

export function programWidth(path: string): 32 | 64 | undefined {
  const bytes = head(path);
  return bytes === undefined ? undefined : widthOf(bytes);
}

// What an executable puts into flash: the loadable segments of a 32-bit little-endian ELF
// file at their load addresses.

export type FlashSegment = { address: number; bytes: Uint8Array };

const programHeaderBytes = 32;
const loadable = 1;

/** In the order of their addresses, none empty. Throws when the file is of another kind. */
export function flashSegments(elf: Uint8Array): FlashSegment[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (view.getUint32(0) !== 0x7f454c46 || elf[4] !== 1 || elf[5] !== 1)
    throw new Error('not a 32-bit ELF file');
  const start = view.getUint32(0x1c, true);
  const count = view.getUint16(0x2c, true);
  const headers = Array.from({ length: count }, (_, i) => start + i * programHeaderBytes);
  return headers
    .filter((at) => view.getUint32(at, true) === loadable)
    .map((at) => {
      const offset = view.getUint32(at + 4, true);
      return {
        address: view.getUint32(at + 12, true),
        bytes: elf.slice(offset, offset + view.getUint32(at + 16, true)),
      };
    })
    .filter(({ bytes }) => bytes.length > 0)
    .sort((a, b) => a.address - b.address);
}

/** Content of a section by its name, whether it is loaded or not. Throws when there is none. */
export function sectionOf(elf: Uint8Array, name: string): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const headers = view.getUint32(0x20, true);
  const header = (index: number) => headers + index * view.getUint16(0x2e, true);
  const names = view.getUint32(header(view.getUint16(0x32, true)) + 0x10, true);
  const nameAt = (offset: number) =>
    Buffer.from(elf.subarray(offset, elf.indexOf(0, offset))).toString('latin1');
  for (let i = 0; i < view.getUint16(0x30, true); i++) {
    const at = header(i);
    if (nameAt(names + view.getUint32(at, true)) !== name) continue;
    const offset = view.getUint32(at + 0x10, true);
    return elf.slice(offset, offset + view.getUint32(at + 0x14, true));
  }
  throw new Error(`no section ${name}`);
}

// The memory layout that DfuSe hides in the name of an alternate setting. UM0424, section 10.3.2: `@name
// /0xAddress/count*size unit type, ... /0xAddress/...`. Seen in the field and taken: two banks in one
// string, a space as the unit, bytes after the end that do not belong to it. The string is the device's
// word, so counts are bounded.

export interface LayoutSectors {
  readonly addressStart: number;
  readonly count: number;
  readonly sizeBytes: number;
  readonly readable: boolean;
  readonly erasable: boolean;
  readonly writable: boolean;
}

export interface MemoryLayout {
  readonly name: string;
  readonly sectors: readonly LayoutSectors[];
}

const unitBytes: Readonly<Record<string, number>> = { ' ': 1, B: 1, K: 1024, M: 1024 * 1024 };
const mostCharacters = 512;
const mostRuns = 64;

const range = /\/\s*0x([0-9A-Fa-f]{1,8})\s*\/([^/]*)/g;
const run = /^\s*(\d{1,4})\s*\*\s*(\d{1,4})([ BKM])?([a-g])/;

/** Undefined for a string that is no layout, and for one that leaves the address space. */
export function readMemoryLayout(text: string): MemoryLayout | undefined {
  if (!text.startsWith('@')) return undefined;
  const short = text.slice(0, mostCharacters);
  const sectors: LayoutSectors[] = [];
  for (const [, start, list] of short.matchAll(range)) {
    let addressStart = Number.parseInt(start!, 16);
    for (const part of list!.split(',')) {
      const found = run.exec(part);
      if (found === null || sectors.length === mostRuns) break;
      const count = Number(found[1]);
      const sizeBytes = Number(found[2]) * unitBytes[found[3] ?? ' ']!;
      const rights = found[4]!.charCodeAt(0) - 'a'.charCodeAt(0) + 1;
      if (count === 0 || sizeBytes === 0) break;
      if (addressStart + count * sizeBytes > 2 ** 32) return undefined;
      sectors.push({
        ...{ addressStart, count, sizeBytes },
        ...{ readable: (rights & 1) !== 0, erasable: (rights & 2) !== 0, writable: (rights & 4) !== 0 },
      });
      addressStart += count * sizeBytes;
    }
  }
  if (sectors.length === 0) return undefined;
  const name = short.slice(1, short.indexOf('/')).trim();
  return { name, sectors };
}

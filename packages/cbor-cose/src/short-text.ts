// Short ASCII texts from bytes: names of fields and kinds, of which the same few come a million times. A
// TextDecoder takes ten times as long for them as for each of their characters.

const lengthAtMost = 32;
/** What was read last for a hash of the bytes; another text in its place costs time only. */
const kept: (string | undefined)[] = Array.from({ length: 1024 }, () => undefined);

/** Undefined for a longer text and for one that is not ASCII. */
export function shortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > lengthAtMost) return undefined;
  let hash = end - start;
  for (let at = start; at < end; at++) {
    if (bytes[at]! >= 0x80) return undefined;
    hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  }
  const place = (hash ^ (hash >>> 10)) & (kept.length - 1);
  const found = kept[place];
  if (found !== undefined && isText(found, bytes, start, end)) return found;
  const text: string = Reflect.apply(String.fromCharCode, undefined, bytes.subarray(start, end));
  kept[place] = text;
  return text;
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

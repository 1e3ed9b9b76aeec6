// Text from a firmware file, made safe to show.

/** ASCII up to the first NUL, other bytes as '?', blanks at the end cut off. */
export function printable(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  let text = '';
  for (const byte of nul < 0 ? bytes : bytes.subarray(0, nul))
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  return text.trimEnd();
}

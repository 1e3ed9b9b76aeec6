// Texts that ST's tools and people wrote: UTF-8, or UTF-16 as PowerShell redirects it. Undefined for what is
// no text.

import type { Bytes } from '@firmseal/bytes';

export function textOf(file: Bytes): string | undefined {
  const isUtf16 = file[0] === 0xff && file[1] === 0xfe;
  const text = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(file);
  return text.includes('\0') ? undefined : text;
}

// Files of ST's installer for spec/sfi.md section 1, written byte by byte from that page. No byte of them is
// ST's; the payloads are counters.

import { type Bytes, concatBytes, fromHex, utf8 } from '@firmseal/bytes';

interface ReadArea {
  readonly type: string;
  readonly imageVersion: number;
  readonly index: number;
  readonly destinationAddress: number;
  readonly totalAreas: number;
  readonly offset: number;
  readonly payload: Bytes;
}

interface SfiCase {
  readonly name: string;
  readonly file: Bytes;
  readonly layout?: 'known' | 'fits-version-1' | 'closed';
  readonly areas?: readonly ReadArea[];
  readonly fault?: string;
}

const hex = (text: string): Bytes => fromHex(text.replaceAll(' ', ''), 'a case');
const count = (length: number): Bytes => Uint8Array.from({ length }, (_, index) => index & 0xff);
const magic = utf8('SFIMAGIC');
const tag = (byte: string) => byte.repeat(16);

/** An image header, then parts that are hexadecimal or bytes. */
const file = (head: string, ...parts: readonly (string | Bytes)[]): Bytes =>
  concatBytes(magic, hex(head), ...parts.map((part) => (typeof part === 'string' ? hex(part) : part)));

const oneArea = (head = `0100 0100 ${tag('aa')}`, payload = count(5)): Bytes =>
  file(head, `46 17 0100 05000000 00000008 0100 ${tag('bb')}`, payload);
const firmware: ReadArea = {
  type: 'F',
  imageVersion: 0x17,
  index: 1,
  destinationAddress: 0x08000000,
  totalAreas: 1,
  offset: 28,
  payload: count(5),
};

/** Firmware, pause, resume, an unknown type and option bytes, as an image that exceeds the RAM has them. */
const fiveAreas = file(
  `0100 0500 ${tag('01')}`,
  `46 02 0100 10000000 00000008 0500 ${tag('02')}`,
  count(16),
  `50 02 0200 00000000 00f01f08 0500 ${tag('03')}`,
  `52 02 0300 00000000 00f01f08 0500 ${tag('04')}`,
  `07 02 0400 02000000 ffffffff 0500 ${tag('05')}`,
  count(2),
  `43 02 0500 24000000 00000000 0500 ${tag('06')}`,
  count(36),
);
const ofFive = (area: Omit<ReadArea, 'imageVersion' | 'totalAreas'>): ReadArea => ({
  ...area,
  imageVersion: 2,
  totalAreas: 5,
});

export function sfiCases(): SfiCase[] {
  return [
    { name: 'one area of firmware', file: oneArea(), layout: 'known', areas: [firmware] },
    {
      name: 'pause, resume, an unknown type, option bytes',
      file: fiveAreas,
      layout: 'known',
      areas: [
        ofFive({ type: 'F', index: 1, destinationAddress: 0x08000000, offset: 28, payload: count(16) }),
        ofFive({ type: 'P', index: 2, destinationAddress: 0x081ff000, offset: 74, payload: count(0) }),
        ofFive({ type: 'R', index: 3, destinationAddress: 0x081ff000, offset: 104, payload: count(0) }),
        ofFive({ type: '0x07', index: 4, destinationAddress: 0xffffffff, offset: 134, payload: count(2) }),
        ofFive({ type: 'C', index: 5, destinationAddress: 0, offset: 166, payload: count(36) }),
      ],
    },
    { name: 'no area', file: file(`0100 0000 ${tag('00')}`), layout: 'known', areas: [] },
    {
      name: 'bytes after the last area',
      file: concatBytes(oneArea(), count(3)),
      layout: 'known',
      areas: [firmware],
    },
    {
      name: 'version 2 that the layout of version 1 fits',
      file: oneArea(`0200 0100 ${tag('aa')}`),
      layout: 'fits-version-1',
      areas: [firmware],
    },
    {
      name: 'version 2 that it does not fit',
      file: concatBytes(oneArea(`0200 0100 ${tag('aa')}`), count(1)),
      layout: 'closed',
      areas: [],
    },
    { name: 'version 2, cut short', file: oneArea(`0200 0200 ${tag('aa')}`), layout: 'closed', areas: [] },
    { name: 'version 3', file: oneArea(`0300 0100 ${tag('aa')}`), fault: 'sfi-version-unknown' },
    {
      name: 'version in the other byte order',
      file: oneArea(`0001 0100 ${tag('aa')}`),
      fault: 'sfi-version-unknown',
    },
    { name: 'nothing', file: new Uint8Array(), fault: 'sfi-magic-missing' },
    { name: 'another magic', file: concatBytes(utf8('SFIMAGIK'), count(20)), fault: 'sfi-magic-missing' },
    { name: 'the magic and no more', file: magic, fault: 'sfi-truncated' },
    { name: 'a header of 27 bytes', file: oneArea().subarray(0, 27), fault: 'sfi-truncated' },
    { name: 'a header and no area', file: oneArea().subarray(0, 28), fault: 'sfi-truncated' },
    { name: 'an area header of 29 bytes', file: oneArea().subarray(0, 57), fault: 'sfi-truncated' },
    { name: 'a payload that lacks one byte', file: oneArea().subarray(0, -1), fault: 'sfi-truncated' },
    {
      name: 'the largest size',
      file: file(`0100 0100 ${tag('aa')}`, `46 17 0100 ffffffff 00000008 0100 ${tag('bb')}`, count(5)),
      fault: 'sfi-truncated',
    },
    {
      name: 'a size that wraps to the start when 32 bits are kept',
      file: file(`0100 0100 ${tag('aa')}`, `46 17 0100 c6ffffff 00000008 0100 ${tag('bb')}`, count(5)),
      fault: 'sfi-truncated',
    },
    { name: '65535 areas in a file of one', file: oneArea(`0100 ffff ${tag('aa')}`), fault: 'sfi-truncated' },
  ];
}

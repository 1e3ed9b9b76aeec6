// Shows an .sfi file: its areas, what is odd about it, and with key and nonce whether they open it.

import type { Bytes } from '@firmseal/bytes';
import { toHex } from '@firmseal/bytes';
import { hexAddress } from '@firmseal/chips';
import { openAes128Gcm } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import {
  areaTypes,
  readSfi,
  type SfiArea,
  type SfiImage,
  type SfiKey,
  type VerifiedSfi,
  verifySfi,
} from '@firmseal/sfi';
import type { Face } from '../face.ts';

const layouts: Readonly<Record<SfiImage['layout'], string>> = {
  known: 'protocol version 1, read by its public layout',
  'fits-version-1':
    'protocol version 2, whose layout is not public; that of version 1 fits to the last byte, so these areas are a guess',
  closed: 'protocol version 2, whose layout is not public: its areas are not shown',
};

/** Option bytes as words; the plaintext of any other area is not shown. */
function wordsOf(plaintext: Bytes): string[] {
  const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  return Array.from({ length: Math.floor(plaintext.length / 4) }, (_, index) =>
    hexAddress(view.getUint32(4 * index, true)),
  );
}

function areaEvent(area: SfiArea, opened: VerifiedSfi['areas'][number]) {
  const { type, index, imageVersion, sizeBytes, destinationAddress, totalAreas, offset, tag } = area;
  return {
    type,
    meaning: areaTypes[type] ?? 'unknown',
    index,
    imageVersion,
    sizeBytes,
    destinationAddress,
    totalAreas,
    offset,
    tag: toHex(tag),
    ...(opened === undefined ? {} : { opens: opened.reading }),
    ...(opened !== undefined && type === 'C' ? { optionWords: wordsOf(opened.plaintext) } : {}),
  };
}

function areaLine(area: SfiArea): string {
  const { type, index, imageVersion, sizeBytes, destinationAddress, offset } = area;
  const where = type === 'P' || type === 'R' ? 'continuation token' : 'to';
  return (
    `  area ${String(index).padStart(3)}  ${type.padEnd(4)}  ${String(sizeBytes).padStart(8)} bytes  ` +
    `${where} ${hexAddress(destinationAddress)}  image version ${imageVersion}, ` +
    `header at byte ${offset}: ${areaTypes[type] ?? 'no public document names this type'}`
  );
}

function verdictLines(image: SfiImage, verified: VerifiedSfi): string[] {
  const opened = verified.areas.flatMap((one) => (one === undefined ? [] : [one.reading]));
  const words = image.areas.flatMap(({ type }, index) => {
    const area = verified.areas[index];
    return type === 'C' && area !== undefined ? [`  option bytes: ${wordsOf(area.plaintext).join(' ')}`] : [];
  });
  return [
    `  key and nonce: the header ${verified.headerFits ? 'fits' : 'does not fit'}, ${opened.length} of ${image.areas.length} areas open`,
    ...[...new Set(opened)].map((reading) => `    ${reading}`),
    ...words,
  ];
}

function refuseWrongKey(image: SfiImage, verified: VerifiedSfi): void {
  const wrong = [
    ...(verified.headerFits ? [] : ['the image header']),
    ...image.areas.flatMap(({ index }, at) => (verified.areas[at] === undefined ? [`area ${index}`] : [])),
  ];
  if (wrong.length > 0) throw new Fault('sfi-key-does-not-fit', { areas: wrong.join(', ') });
}

/** Throws what readSfi and verifySfi do, and `sfi-key-does-not-fit` after everything was shown. */
export function inspectImage(face: Face, path: string, file: Bytes, given: SfiKey | undefined): void {
  const image = readSfi(file);
  const verified =
    given === undefined || image.layout !== 'known' ? undefined : verifySfi(openAes128Gcm, image, given);
  const { version, areaCount, sizeBytes, layout, notes } = image;
  face.tell(
    {
      event: 'sfi-image',
      file: path,
      version,
      areaCount,
      sizeBytes,
      layout,
      headerTag: image.headerTag,
      ...(verified === undefined ? {} : { headerFits: verified.headerFits }),
      notes,
      areas: image.areas.map((area, index) => areaEvent(area, verified?.areas[index])),
    },
    `${path}: .sfi file, ${sizeBytes} bytes, ${areaCount} areas; ${layouts[layout]}`,
    ...image.areas.map(areaLine),
    ...notes.map((note) => `  NOTE: ${note}`),
    ...(verified === undefined ? [] : verdictLines(image, verified)),
    ...(layout === 'known' && given === undefined
      ? ['  contents are encrypted; --key and --nonce check them']
      : []),
  );
  for (const area of verified?.areas ?? []) area?.plaintext.fill(0);
  if (given !== undefined && verified === undefined)
    throw new Fault('sfi-key-does-not-fit', { areas: 'version 2, which cannot be checked' });
  if (verified !== undefined) refuseWrongKey(image, verified);
}

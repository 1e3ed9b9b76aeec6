// The PEM files of an authority that speaks TLS itself. A renewed certificate is taken while the authority
// runs; files that do not fit together are told of once, and the old ones stay in force.

import { statSync } from 'node:fs';
import { checkTls, type TlsMaterial } from '@firmseal/authority';
import { Fault } from '@firmseal/fault';
import type { Face } from '../face.ts';
import { warnOfReaders } from '../file-readers.ts';
import { readText } from '../files.ts';
import { showTime } from '../times.ts';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

const dayMs = 86_400_000;
/** A certificate that ends sooner is worth a warning: ACME clients renew 30 days before. */
const warnBeforeMs = 14 * dayMs;
const lookEveryMs = 10_000;

const read = ({ cert, key, clientCa }: TlsFiles): TlsMaterial => ({
  ...{ cert: readText(cert), key: readText(key) },
  ...(clientCa === undefined ? {} : { clientCa: readText(clientCa) }),
});

/** Throws `tls-files-invalid`, and what reading a file throws. Warns of a certificate that ends soon. */
export function readTlsFiles(face: Face, files: TlsFiles): TlsMaterial {
  warnOfReaders(face, files.key);
  const material = read(files);
  const untilMs = checkTls(material, Date.now());
  if (untilMs - Date.now() < warnBeforeMs)
    face.warn(`The certificate ${files.cert} ends ${showTime(untilMs)}.`);
  return material;
}

const stampOf = ({ cert, key, clientCa }: TlsFiles): string =>
  [cert, key, clientCa ?? cert]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((found) => `${found?.mtimeMs}/${found?.size}/${found?.ino}`)
    .join();

/** Looks at the files every few seconds until the returned function is called; `say` goes into the log. */
export function watchTlsFiles(
  files: TlsFiles,
  { take, say }: { take: (material: TlsMaterial) => void; say: (line: string) => void },
): () => void {
  let stamp = stampOf(files);
  const look = (): void => {
    const now = stampOf(files);
    if (now === stamp) return;
    stamp = now;
    try {
      const material = read(files);
      const untilMs = checkTls(material, Date.now());
      take(material);
      say(`a new certificate is in force, valid until ${showTime(untilMs)}`);
    } catch (error) {
      const why = error instanceof Fault ? error.message : 'they could not be read';
      say(`new TLS files were not taken, the old ones stay in force: ${why}`);
    }
  };
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}

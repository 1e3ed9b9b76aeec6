// A sealed package and its content key, chosen from the person's disk. The page sends the header of the
// package, which is public, and the content key as it is: wrapped to this authority.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { useId } from 'react';

/** Magic, length and the longest header (spec/package.md section 1). */
const mostStartBytes = 12 + 4096;
const mostKeyFileBytes = 256;

export function PackageFields() {
  const ids = { package: useId(), key: useId() };
  return (
    <>
      <div className="field">
        <label htmlFor={ids.package}>Sealed package</label>
        <input id={ids.package} name="package" type="file" accept=".seal" required />
      </div>
      <div className="field">
        <label htmlFor={ids.key}>Its content key, wrapped to this authority</label>
        <input id={ids.key} name="key" type="file" accept=".key" required />
      </div>
    </>
  );
}

/** Throws the faults of a package's header, and `content-key-malformed` for a file that is too long. */
export async function readPackageFields(fields: FormData): Promise<{ header: Bytes; contentKeyFile: Bytes }> {
  const [sealed, key] = [fields.get('package'), fields.get('key')];
  if (!(sealed instanceof File) || !(key instanceof File))
    throw new Fault('package-truncated', { lengthBytes: 0 });
  if (key.size > mostKeyFileBytes || key.size === 0) throw new Fault('content-key-malformed');
  const { splitPackage } = await import('@firmseal/seal');
  const start = new Uint8Array(await sealed.slice(0, mostStartBytes).arrayBuffer());
  return {
    header: splitPackage(start).headerBytes,
    contentKeyFile: new Uint8Array(await key.arrayBuffer()),
  };
}

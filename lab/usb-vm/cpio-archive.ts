// An archive in cpio's "newc" form, as the Linux kernel unpacks it into its first file system (Linux
// documentation, driver-api/early-userspace/buffer-format). Everything belongs to root and has no time,
// so equal content gives equal bytes.

export interface ArchiveEntry {
  /** Relative to the root, with no slash in front; folders come before what lies in them. */
  readonly path: string;
  readonly content: { readonly folder: true } | { readonly file: Uint8Array };
  /** Files only; folders are entered by everyone. */
  readonly executable?: boolean;
}

const types = { folder: 0o040000, file: 0o100000 } as const;

function modeOf({ content, executable }: ArchiveEntry): number {
  if ('folder' in content) return types.folder | 0o755;
  return types.file | (executable === true ? 0o755 : 0o644);
}

const dataOf = ({ content }: ArchiveEntry): Uint8Array =>
  'file' in content ? content.file : new Uint8Array(0);

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
};

/** Magic and thirteen fields of eight hexadecimal digits, the name with its zero, padding to four bytes. */
function header(name: string, number: number, numbers: { mode: number; sizeBytes: number }): Uint8Array {
  const nameBytes = new TextEncoder().encode(`${name}\0`);
  const fields = [number, numbers.mode, 0, 0, 1, 0, numbers.sizeBytes, 0, 0, 0, 0, nameBytes.length, 0];
  const digits = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return padded(new TextEncoder().encode(`070701${digits}${name}\0`));
}

/**
 * The entries and the trailer. Archives may follow each other in one file: later ones add to earlier ones.
 */
export function cpioArchive(entries: readonly ArchiveEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [index, entry] of entries.entries()) {
    const data = dataOf(entry);
    const numbers = { mode: modeOf(entry), sizeBytes: data.length };
    parts.push(header(entry.path, index + 1, numbers), padded(data));
  }
  parts.push(header('TRAILER!!!', 0, { mode: 0, sizeBytes: 0 }));
  return Buffer.concat(parts);
}

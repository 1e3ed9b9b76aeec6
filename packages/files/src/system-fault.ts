// What the operating system says about a file, as a fault with cause and remedy. Error
// numbers: errno(3), Linux man-pages.

import { Fault, type FaultCode } from '@firmseal/fault';

type Action = 'read' | 'written';

const codes: Readonly<Record<string, FaultCode>> = {
  EACCES: 'file-forbidden',
  EPERM: 'file-forbidden',
  EISDIR: 'file-is-folder',
  EROFS: 'disk-read-only',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'file-size-limited',
  EEXIST: 'file-exists',
};

/** A path whose folder is missing: to a reader the file is not there, to a writer its folder is not. */
const missing: Readonly<Record<Action, FaultCode>> = { read: 'file-missing', written: 'folder-missing' };
const otherwise: Readonly<Record<Action, FaultCode>> = {
  read: 'file-unreadable',
  written: 'file-unwritable',
};

/** The error number's name of a thrown value: `ENOSPC`; `unknown` for anything else. */
export function systemReason(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'unknown';
}

/** The fault for whatever was thrown while `file` was read or written; a fault stays as it is. */
export function faultOfFile(error: unknown, file: string, action: Action): Fault {
  if (error instanceof Fault) return error;
  const reason = systemReason(error);
  const code =
    reason === 'ENOENT' || reason === 'ENOTDIR' ? missing[action] : (codes[reason] ?? otherwise[action]);
  return new Fault(code, { file, action, reason }, { cause: error });
}

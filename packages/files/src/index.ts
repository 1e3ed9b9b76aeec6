export { type FileLock, holdFile } from './file-lock.ts';
export { readBoundedFile } from './read-bounded-file.ts';
export { readLines } from './read-lines.ts';
export { faultOfFile } from './system-fault.ts';
export {
  beginWholeFile,
  refuseUnwritable,
  type WholeFile,
  type WriteOptions,
  writeWholeFile,
} from './write-whole-file.ts';

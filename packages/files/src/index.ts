export { type FileLock, holdFile } from './file-lock.ts';
export { readBoundedFile } from './read-bounded-file.ts';
export { refuseUnwritable, type WriteOptions, writeWholeFile } from './write-whole-file.ts';

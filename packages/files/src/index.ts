export { type FileLock, holdFile } from './file-lock.ts';
export { makeFolder } from './make-folder.ts';
export { type NewFile, refuseUnmakeable, writeNewFiles } from './new-files.ts';
export { readBoundedFile } from './read-bounded-file.ts';
export { faultOfFile, systemReason } from './system-fault.ts';
export { refuseUnwritable, type WriteOptions, writeWholeFile } from './write-whole-file.ts';

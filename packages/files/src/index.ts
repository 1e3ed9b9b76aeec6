export { type FileLock, holdFile } from './file-lock.ts';
export { FileStream } from './file-stream.ts';
export { type FolderFiles, filesOfFolder } from './folder-files.ts';
export { makeFile } from './make-file.ts';
export { makeFolder } from './make-folder.ts';
export { type NewFile, refuseUnmakeable, writeNewFiles } from './new-files.ts';
export { markOfProcess } from './process-mark.ts';
export { readBoundedFile } from './read-bounded-file.ts';
export { readLines } from './read-lines.ts';
export { faultOfFile, systemReason } from './system-fault.ts';
export {
  beginWholeFile,
  refuseUnwritable,
  type WholeFile,
  type WriteOptions,
  writeWholeFile,
} from './write-whole-file.ts';

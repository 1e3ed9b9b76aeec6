export { type FileLock, holdFile } from './file-lock.ts';
export { type JournalFile, openJournalFile } from './journal-file.ts';

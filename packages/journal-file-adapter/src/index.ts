export { type JournalFile, openJournalFile } from './journal-file.ts';

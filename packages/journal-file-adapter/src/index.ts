export {
  type JournalFile,
  type JournalLog,
  type JournalLogOptions,
  openJournalFile,
  openJournalLog,
} from './journal-file.ts';

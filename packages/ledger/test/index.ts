export { grown, leafOf, leavesOf, MemoryFolder } from './memory-folder.ts';
export { noteSigner, TestLog } from './test-log.ts';

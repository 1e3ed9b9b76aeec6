export { noteSigner, TestLog } from './test-log.ts';
export { grown, leafOf, leavesOf, MemoryFolder } from './memory-folder.ts';

export { type AreaToWrite, writeArea, writeSfi } from './write-sfi.ts';

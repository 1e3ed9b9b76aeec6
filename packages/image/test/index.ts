export { writeDfuSe, writeElf, writeHex } from './writers.ts';

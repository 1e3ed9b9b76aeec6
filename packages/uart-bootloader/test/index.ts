export { openChipUart, startInBootloader } from './chip-uart.ts';
export { ScriptedLine } from './scripted-line.ts';

export type { EraseTarget } from './commands/extended-erase.ts';
export type { SpecialAnswer } from './commands/special.ts';
export { type UartQuirks, uartQuirks } from './quirks.ts';
export type { SessionOptions } from './session.ts';
export { UartBootloader } from './uart-bootloader.ts';

export type { ChipIdentity, ChipProgrammer } from './chip-programmer.ts';
export type { DebugProbe } from './debug-probe.ts';
export { chipsWithDeviceId } from './identity.ts';
export { programOptionRegisters, readOptionRegisters } from './registers/option-sequence.ts';
export type { WordPort } from './registers/word-port.ts';
export { openProbeProgrammer } from './ways/debug-probe-programmer.ts';
export { type DfuseProgrammerOptions, openDfuseProgrammer } from './ways/dfuse-programmer.ts';
export { openOpenocdProgrammer } from './ways/openocd-programmer.ts';
export { openUartProgrammer, type UartProgrammerOptions } from './ways/uart-programmer.ts';

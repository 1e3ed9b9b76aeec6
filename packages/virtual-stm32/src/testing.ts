// For tests of other parts of the tree: a debugger over the wires of a chip's debug port, and the
// instructions of ARMv7-M for a core of their own.

export { TestDebugger } from '../test/debugger.ts';
export { buildPanel } from '../test/machine-code.ts';
export { Armv7mInstructions } from './processor/armv7m-core.ts';

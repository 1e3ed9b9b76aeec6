// For tests of other parts of the tree: a debugger over the wires of a chip's debug port.

export { TestDebugger } from '../test/debugger.ts';
export { buildPanel } from '../test/machine-code.ts';

// For tests of other parts of the tree: a debugger over the wires of a chip's debug port, and the agent's result words.

export { fsNo, fsOk, fsYes } from './agent-words.ts';
export { TestDebugger } from './test-debugger.ts';

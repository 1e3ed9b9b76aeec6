export { describeProgrammer, type ProgrammerBench, type ProgrammerWay } from './conformance.ts';

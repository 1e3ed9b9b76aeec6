export { virtualProbe } from './virtual-probe.ts';

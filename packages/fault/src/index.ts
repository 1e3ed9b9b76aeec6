export { Fault, type FaultCode, type FaultFields, faultCodeOf, faultLabel } from './fault.ts';

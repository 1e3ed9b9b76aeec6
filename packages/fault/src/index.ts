export {
  type ExitCode,
  Fault,
  type FaultCode,
  type FaultFields,
  type FaultRow,
  type FaultStatus,
  faultCodeOf,
  faultCodes,
  faultLabel,
  faultRow,
  harmless,
  type RetryPolicy,
} from './fault.ts';
export { exitCodes } from './table.ts';

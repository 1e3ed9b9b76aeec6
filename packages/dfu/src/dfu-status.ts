// States and statuses of DFU 1.1, section 6.1.2 and appendix A, by their numbers.

import { Fault } from '@firmseal/fault';

const stateNames = [
  'appIDLE',
  'appDETACH',
  'dfuIDLE',
  'dfuDNLOAD-SYNC',
  'dfuDNBUSY',
  'dfuDNLOAD-IDLE',
  'dfuMANIFEST-SYNC',
  'dfuMANIFEST',
  'dfuMANIFEST-WAIT-RESET',
  'dfuUPLOAD-IDLE',
  'dfuERROR',
] as const;
export type DfuState = (typeof stateNames)[number];

const statusNames = [
  'OK',
  'errTARGET',
  'errFILE',
  'errWRITE',
  'errERASE',
  'errCHECK_ERASED',
  'errPROG',
  'errVERIFY',
  'errADDRESS',
  'errNOTDONE',
  'errFIRMWARE',
  'errVENDOR',
  'errUSBR',
  'errPOR',
  'errUNKNOWN',
  'errSTALLEDPKT',
] as const;
export type DfuStatusName = (typeof statusNames)[number];

export interface DfuStatus {
  readonly status: DfuStatusName;
  /** How long the device asks the host to wait before the next GETSTATUS, 0 to 16,777,215. */
  readonly pollMs: number;
  readonly state: DfuState;
}

/** `bStatus bwPollTimeout(3, little-endian) bState iString`. Throws `dfu-answer-malformed`. */
export function readStatus(bytes: Uint8Array): DfuStatus {
  const [code, low, middle, high, stateCode] = bytes;
  const status = statusNames[code ?? -1];
  const state = stateNames[stateCode ?? -1];
  if (bytes.length !== 6 || status === undefined || state === undefined)
    throw new Fault('dfu-answer-malformed', {
      request: 'GETSTATUS',
      problem: `${bytes.length} bytes, status ${code ?? 'missing'}, state ${stateCode ?? 'missing'}`,
    });
  return { status, pollMs: low! | (middle! << 8) | (high! << 16), state };
}

/** One byte. Throws `dfu-answer-malformed`. */
export function readState(bytes: Uint8Array): DfuState {
  const state = stateNames[bytes[0] ?? -1];
  if (bytes.length !== 1 || state === undefined)
    throw new Fault('dfu-answer-malformed', { request: 'GETSTATE', problem: `${bytes.length} bytes` });
  return state;
}

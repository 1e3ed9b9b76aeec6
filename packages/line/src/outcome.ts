// How one chip's turn in a socket ended, and which faults say something about the chip or its socket.

import type { FaultCode } from '@firmseal/fault';
import type { EndOfInstall, FaultReport, InstallTimes } from '@firmseal/programmer';

/** Refusals and stops: nothing in the chip was changed. */
const refusals: ReadonlySet<string> = new Set<FaultCode>([
  'chip-seen-before',
  'chip-met-twice',
  'install-stopped',
  'line-units-used-up',
]);

export const isRefusal = (code: string): boolean => refusals.has(code);

const away: ReadonlySet<string> = new Set<FaultCode>([
  'authority-unreachable',
  'authority-timeout',
  'witness-awaited',
]);

/** Whether the fault is the absence of the authority, or of its witnesses: the chip can wait for it. */
export const isAuthorityAway = (code: string): boolean => away.has(code);

/** Whether a fault counts against the yield. */
export const saysFailure = (code: string): boolean => !isRefusal(code) && !isAuthorityAway(code);

/** A chip's turn in a socket, from its appearance to its result. */
export interface Cycle {
  /** Name of the socket. */
  readonly name: string;
  readonly socketNumber: number;
  readonly place: string;
  /** Name of the package. */
  readonly package: string;
  /** From 1, of this socket in this run. */
  readonly cycle: number;
  readonly installId: string;
  /** Of the chip, hexadecimal, once it was met. */
  readonly thumbprint: string | null;
  /** That was scanned for the chip. */
  readonly label: string | null;
  readonly licenseId: string | null;
  /** `refused`: nothing was sent to the chip, and it counts for nothing. */
  readonly outcome: EndOfInstall | 'fail' | 'refused';
  readonly fault: FaultReport | null;
  readonly exitCode: number;
  readonly times: InstallTimes;
  /** ISO 8601, UTC. */
  readonly time: string;
}

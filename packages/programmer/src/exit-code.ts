// The exit codes of the command line: 0 only when everything that was asked for is done (install: every socket passed).
// Numbers are never given another meaning. For people: docs/exit-codes.md.

import { Fault, type FaultCode } from '@firmseal/fault';
import type { InstallResult } from './install.ts';

export const exitCodes = {
  /** Every socket ended in PASS. */
  pass: 0,
  /** A fault of the program itself. */
  internal: 1,
  /** The command was not understood; used by the command line. */
  usage: 2,
  /** Another input was refused: firmware file, key, delegation, policy, chip name, option of the command. */
  input: 3,
  /** An audit found contradictions, or the demo a defence that broke. */
  unsound: 4,
  /** The package or its trust. */
  package: 10,
  /** License, quota, or what the authority refused. */
  license: 11,
  /** The authority could not be reached. */
  authority: 12,
  /** The line to the chip. */
  link: 13,
  /** The chip refused or failed. */
  chip: 14,
  /** The receipt did not prove the install. */
  receipt: 15,
  /** Journal or another thing at the station. */
  station: 16,
  /** The operator stopped it. */
  stopped: 17,
  /** Several sockets failed, for reasons of different kinds. */
  mixed: 20,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const stationCodes: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'journal-damaged',
  'journal-in-use',
  'journal-write-failed',
  'socket-repeated',
]);

/** Ranges of numbers in spec/errors, in the order in which they are looked at. */
const ranges: readonly { readonly least: number; readonly most: number; readonly exit: ExitCode }[] = [
  { least: 2, most: 149, exit: exitCodes.input },
  { least: 200, most: 299, exit: exitCodes.package },
  { least: 300, most: 349, exit: exitCodes.license },
  { least: 350, most: 369, exit: exitCodes.chip },
  { least: 370, most: 379, exit: exitCodes.receipt },
  { least: 400, most: 449, exit: exitCodes.chip },
  { least: 450, most: 499, exit: exitCodes.link },
  { least: 500, most: 549, exit: exitCodes.input },
  { least: 550, most: 599, exit: exitCodes.chip },
  { least: 600, most: 849, exit: exitCodes.input },
  { least: 850, most: 899, exit: exitCodes.license },
  { least: 920, most: 929, exit: exitCodes.authority },
  { least: 950, most: 958, exit: exitCodes.input },
  { least: 959, most: 960, exit: exitCodes.unsound },
  { least: 961, most: 966, exit: exitCodes.input },
  { least: 967, most: 968, exit: exitCodes.station },
];

/** The exit code of one fault; never 0. */
export function exitCodeOfFault(fault: Fault): ExitCode {
  const { code, cause, number } = fault;
  if (code === 'command-line-invalid') return exitCodes.usage;
  if (code === 'install-stopped') return exitCodes.stopped;
  if (code === 'install-restarts-exhausted')
    return cause instanceof Fault ? exitCodeOfFault(cause) : exitCodes.chip;
  if (code === 'license-missing') return exitCodes.license;
  if (code === 'step-timeout' || code === 'install-deadline-exceeded') return exitCodes.link;
  if (code === 'chip-changed' || code === 'chip-not-ready') return exitCodes.chip;
  if (stationCodes.has(code)) return exitCodes.station;
  return ranges.find(({ least, most }) => number >= least && number <= most)?.exit ?? exitCodes.internal;
}

/** The exit code of a command: 0 when there are results and all passed. */
export function exitCodeOf(results: readonly InstallResult[]): ExitCode {
  const failures = results.flatMap((result) =>
    result.outcome === 'fail' ? [exitCodeOfFault(result.fault)] : [],
  );
  if (results.length === 0) return exitCodes.usage;
  const [first] = failures;
  if (first === undefined) return exitCodes.pass;
  return failures.every((code) => code === first) ? first : exitCodes.mixed;
}

// The one error class of the project. What it says and what to do about it stand in spec/errors;
// the code is the contract, the fields carry the case at hand, and nothing secret may be a field.

import { type exitCodes, faultTable } from './table.ts';

export type FaultCode = keyof typeof faultTable;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
/** Status of an answer of the authority that carries a fault. */
export type FaultStatus = Exclude<(typeof faultTable)[FaultCode]['http'], null>;
/**
 * What an install does after a fault: begin the connection again, ask for another license first, or give up.
 */
export type RetryPolicy = 'restart' | 'relicense' | 'fail';

/** A row of the table without its texts; the columns are explained in spec/errors/README.md. */
export interface FaultRow {
  readonly number: number;
  readonly exit: keyof typeof exitCodes;
  /** Null where the authority never answers with this fault. */
  readonly http: FaultStatus | null;
  readonly retry: RetryPolicy;
  /** Whether the agent in the chip answers with this fault. */
  readonly chip: boolean;
}
export type FaultFields = Readonly<Record<string, string | number | boolean>>;

/**
 * Text from outside as it may stand in a line for people. Control characters and changes of direction would
 * let a hostile file or name write to the operator's terminal, or forge lines of it: each becomes `?`.
 */
export const harmless = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');

const shown = (value: unknown): string => harmless(String(value).slice(0, 300));

const fill = (template: string, fields: FaultFields): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => shown(fields[name] ?? '?'));

/** An error that a user can meet: `code` (stable), `number` (as on the agent's wire), `fields`, `remedy`. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly fields: FaultFields;

  constructor(code: FaultCode, fields: FaultFields = {}, options?: ErrorOptions) {
    super(fill(faultTable[code].sentence, fields), options);
    this.name = 'Fault';
    this.code = code;
    this.fields = fields;
  }

  get number(): number {
    return faultTable[this.code].number;
  }

  get remedy(): string {
    return fill(faultTable[this.code].remedy, this.fields);
  }
}

/** Every code of the table. */
export const faultCodes = Object.keys(faultTable) as readonly FaultCode[];

export function faultRow(code: FaultCode): FaultRow {
  return faultTable[code];
}

const codesByNumber = new Map<number, FaultCode>(
  Object.entries(faultTable).map(([code, { number }]) => [number, code as FaultCode]),
);

/** The code that has this number on the agent's wire; undefined when no table lists it. */
export function faultCodeOf(number: number): FaultCode | undefined {
  return codesByNumber.get(number);
}

/** `FS0201`, the form in which people quote an error. */
export function faultLabel(code: FaultCode): string {
  return `FS${String(faultTable[code].number).padStart(4, '0')}`;
}

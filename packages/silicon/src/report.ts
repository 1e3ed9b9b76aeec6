// The report of a check on silicon, as a file that people send around (docs/silicon-report.md): what was
// looked at, what was found. Everything in it is somebody's word; nothing is signed.

import { Fault } from '@firmseal/fault';
import { z } from 'zod';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const checkOutcomes = ['pass', 'fail', 'noted', 'skipped'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

const check = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  outcome: z.enum(checkOutcomes),
  expected: z.string().max(400).optional(),
  found: z.string().max(4000).optional(),
  milliseconds: z.number().nonnegative().optional(),
});

const schema = z.strictObject({
  format: z.literal('firmseal-silicon-report'),
  version: z.literal(1),
  firmseal: z.string().max(40),
  at: z.iso.datetime(),
  chip: z.string().regex(/^[a-z0-9-]{1,40}$/),
  board: z.string().max(80).optional(),
  /** What the place was: a virtual chip is no silicon. */
  placeKind: z.enum(['serial', 'usb', 'probe', 'openocd', 'tcp', 'virtual']),
  way: z.enum(['uart-bootloader', 'dfuse', 'probe']),
  /** The agent that the rehearsal ran; absent when no agent ran. */
  agentSha256: hex(32).optional(),
  identity: z.strictObject({
    deviceId: z.number().int().optional(),
    revision: z.number().int().optional(),
    flashSizeBytes: z.number().int().optional(),
    bootloaderVersion: z.number().int().optional(),
    uniqueId: z
      .string()
      .regex(/^[0-9a-f]{2,64}$/)
      .optional(),
  }),
  checks: z.array(check).min(1).max(100),
});

export type SiliconCheck = z.infer<typeof check>;
export type SiliconReport = z.infer<typeof schema>;

const mostCharacters = 256 * 1024;

/** `name` is for texts. Throws `silicon-report-invalid`. */
export function readSiliconReport(text: string, name: string): SiliconReport {
  const refuse = (reason: string): never => {
    throw new Fault('silicon-report-invalid', { file: name, reason });
  };
  if (text.length > mostCharacters) return refuse(`it has more than ${mostCharacters} characters`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return refuse((cause as Error).message);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return refuse(`${issue!.path.join('.') || 'its top'}: ${issue!.message}`);
}

export const siliconReportText = (report: SiliconReport): string =>
  `${JSON.stringify(report, undefined, 2)}\n`;

/**
 * The checks without which nothing is promised: the agent ran, made its identity, protected the chip, took
 * an install and an update, and went on after one that was cut.
 */
const neededChecks = [
  ...(['identity', 'option-bytes', 'write-and-read', 'rehearsal'] as const),
  ...(['install', 'update', 'link-cut'] as const),
];

/** Whether nothing failed and nothing that is needed is missing. */
export function hasPassed({ checks }: SiliconReport): boolean {
  const outcomes = new Map(checks.map(({ name, outcome }) => [name, outcome]));
  return (
    checks.every(({ outcome }) => outcome !== 'fail') &&
    neededChecks.every((name) => outcomes.get(name) === 'pass')
  );
}

/**
 * Whether a report speaks for the pair of chip and agent build: it passed, on silicon, with that very agent.
 * Reports of virtual chips count for nothing here.
 */
export function isTried(
  reports: readonly SiliconReport[],
  { chip, agentSha256 }: { chip: string; agentSha256: string },
): boolean {
  return reports.some(
    (one) =>
      one.placeKind !== 'virtual' && one.chip === chip && one.agentSha256 === agentSha256 && hasPassed(one),
  );
}

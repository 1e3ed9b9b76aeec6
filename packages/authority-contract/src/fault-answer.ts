// An answer that carries a fault: `{code, number, sentence, remedy, fields}`, with the HTTP status
// of the error table. The receiving side believes code, number and plain fields; the words that it
// shows are those of its own table.

import { Fault, type FaultFields, faultCodeOf, faultRow } from '@firmseal/fault';
import * as z from 'zod/mini';

const mostFields = 16;

const faultAnswer = z.object({
  code: z.string(),
  number: z.int(),
  sentence: z.optional(z.string()),
  remedy: z.optional(z.string()),
  fields: z.optional(z.record(z.string().check(z.maxLength(64)), z.unknown())),
});
const plainField = z.union([z.string().check(z.maxLength(300)), z.number(), z.boolean()]);

/** Status and JSON value for a fault; 500 for one that no request should be able to cause. */
export function encodeFault(fault: Fault): { status: number; body: z.input<typeof faultAnswer> } {
  const { code, number, message, remedy, fields } = fault;
  return { status: faultRow(code).http ?? 500, body: { code, number, sentence: message, remedy, fields } };
}

/**
 * The fault of an answer with a bad status: the authority's own, with the field `from`, when name and number
 * agree with this program's table; else `authority-refused`.
 */
export function decodeFault(status: number, value: unknown): Fault {
  const answer = faultAnswer.safeParse(value).data;
  const known = answer && faultCodeOf(answer.number);
  if (known === undefined || known !== answer?.code)
    return new Fault('authority-refused', { from: 'authority', status });
  const fields: FaultFields = Object.fromEntries(
    Object.entries(answer.fields ?? {})
      .flatMap(([name, field]) => {
        const plain = plainField.safeParse(field);
        return plain.success ? [[name, plain.data] as const] : [];
      })
      .slice(0, mostFields),
  );
  return new Fault(known, { ...fields, from: 'authority', status });
}

// The conditions of a search for units, the same for every database; what stands for a value differs.

import type { Bytes } from '@firmseal/bytes';
import type { UnitFilter } from './store.ts';

type Value = Bytes | string;

/** On a row `u` of units. `place`: stands for the value with this number, from 1. */
export function unitConditions(
  { thumbprints, product, firmwareVersion }: UnitFilter,
  place: (number: number) => string,
): { where: string; values: readonly Value[] } {
  const conditions: string[] = ['u.unit_index >= 0'];
  const values: Value[] = [];
  const next = (value: Value): string => place(values.push(value));
  if (thumbprints !== undefined)
    conditions.push(`u.thumbprint BETWEEN ${next(thumbprints.first)} AND ${next(thumbprints.last)}`);
  if (product !== undefined)
    conditions.push(`(SELECT product FROM jobs j WHERE j.job_id = u.job_id) = ${next(product)}`);
  if (firmwareVersion !== undefined)
    conditions.push(
      `EXISTS (SELECT 1 FROM licenses l JOIN packages p USING (job_id, manifest_digest)
         WHERE l.job_id = u.job_id AND l.unit_index = u.unit_index AND p.firmware_version = ${next(firmwareVersion)})`,
    );
  return { where: conditions.join(' AND '), values };
}

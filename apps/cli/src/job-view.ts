// A job as the authority answers it: one event, one line.

import type { JobView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Face } from './face.ts';
import { outcomesText } from './unit-view.ts';

/** `, takes UNPROTECTED besides PASS`: what the owner said when the job was opened. */
const acceptsText = (accepts: readonly string[]): string =>
  accepts.length === 0 ? '' : `, takes ${accepts.join(', ')} besides PASS`;

export function tellJob(face: Face, view: JobView): void {
  const { state, mode, product, quota, units, voided, licenses, installed, receipts, remaining } = view;
  const outcomes = outcomesText(view.outcomes).replace(/, $/, '');
  const stated = outcomesText(view.stated).replace(/, $/, '');
  const withoutUse = voided === 0 ? '' : ` (${voided} voided)`;
  face.tell(
    { event: 'job', ...view },
    `job ${toHex(view.job)}: ${state}, ${product}, ${mode} licenses${acceptsText(view.accepts)}; quota ${quota}, units taken ${units}${withoutUse}, ` +
      `remaining ${remaining}, licenses ${licenses}, installed ${installed}, receipts ${receipts}${outcomes === '' ? '' : ` (${outcomes})`}` +
      (stated === '' ? '' : `; without proof, by stations: ${stated}`),
  );
}

// A job as the authority answers it: one event, one line.

import type { JobView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Face } from './face.ts';

export function tellJob(face: Face, view: JobView): void {
  const { state, mode, product, quota, units, voided, licenses, installed, receipts, remaining } = view;
  const withoutUse = voided === 0 ? '' : ` (${voided} voided)`;
  face.tell(
    { event: 'job', ...view },
    `job ${toHex(view.job)}: ${state}, ${product}, ${mode} licenses; quota ${quota}, units taken ${units}${withoutUse}, ` +
      `remaining ${remaining}, licenses ${licenses}, installed ${installed}, receipts ${receipts}`,
  );
}

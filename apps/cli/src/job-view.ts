// A job as the authority answers it: one event, one line.

import type { Face } from './face.ts';

type JobAnswer = Readonly<Record<string, unknown>>;

export const jobPath = (job: string): string => `/v1/jobs/${encodeURIComponent(job)}`;

export function tellJob(face: Face, answer: JobAnswer): void {
  const { job, state, mode, product, quota, units, licenses, receipts, remaining } = answer;
  face.tell(
    { event: 'job', ...answer },
    `job ${job}: ${state}, ${product}, ${mode} licenses; quota ${quota}, units taken ${units}, ` +
      `remaining ${remaining}, licenses ${licenses}, receipts ${receipts}`,
  );
}

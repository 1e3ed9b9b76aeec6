// Approvals and certificates of the ends of jobs in PostgreSQL.

import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import * as rows from './rows.ts';
import type { ApprovalMethods } from './store-parts.ts';

export function approvalMethods({ read, commit }: PostgresContext): ApprovalMethods {
  return {
    insertApproval: (item, event) =>
      commit(async ({ query, append }) => {
        const inserted = await changed(
          query,
          `INSERT INTO approvals (approval_digest, job_id, approval, delegation, stored_at_ms)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (approval_digest) DO NOTHING`,
          item.approvalDigest,
          item.jobId,
          item.approval,
          item.delegation,
          item.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    listApprovals: (jobId) =>
      all(read, rows.toApproval, 'SELECT * FROM approvals WHERE job_id = $1 ORDER BY ordinal', jobId),
    insertJobEnd: (item, event) =>
      commit(async ({ query, append }) => {
        const inserted = await changed(
          query,
          'INSERT INTO job_ends VALUES ($1, $2, $3, $4) ON CONFLICT (job_id) DO NOTHING',
          item.jobId,
          item.endDigest,
          item.end,
          item.delegation,
        );
        if (inserted) append(event);
        return inserted;
      }),
    findJobEnd: (jobId) => one(read, rows.toJobEnd, 'SELECT * FROM job_ends WHERE job_id = $1', jobId),
  };
}

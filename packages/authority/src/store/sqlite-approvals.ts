// Approvals and certificates of the ends of jobs in SQLite.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { ApprovalMethods } from './store-parts.ts';

export function approvalMethods({ database, append }: SqliteContext): ApprovalMethods {
  return {
    insertApproval: (item, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          `INSERT INTO approvals (approval_digest, job_id, approval, delegation, stored_at_ms)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT (approval_digest) DO NOTHING`,
          item.approvalDigest,
          item.jobId,
          item.approval,
          item.delegation,
          item.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    listApprovals: async (jobId) =>
      database.all(rows.toApproval, 'SELECT * FROM approvals WHERE job_id = ? ORDER BY ordinal', jobId),
    insertJobEnd: (item, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          'INSERT INTO job_ends VALUES (?, ?, ?, ?) ON CONFLICT (job_id) DO NOTHING',
          item.jobId,
          item.endDigest,
          item.end,
          item.delegation,
        );
        if (inserted) append(event);
        return inserted;
      }),
    findJobEnd: async (jobId) =>
      database.one(rows.toJobEnd, 'SELECT * FROM job_ends WHERE job_id = ?', jobId),
  };
}

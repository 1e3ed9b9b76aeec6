// Whether the owner stands behind a database that was put back: the root of each product whose jobs it
// concerned must have signed from which state the log goes on (spec/approval.md section 5).

import { type RestoreStatement, verifyRestore } from '@firmseal/approval';
import { equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { Finding, Notice } from './findings.ts';
import type { LoggedRestore } from './logged-state.ts';
import type { AuditTrust } from './trust.ts';

/** The statement that this root signed for exactly this state of the log. */
function signedBy(crypto: Crypto, restore: LoggedRestore, trust: AuditTrust): RestoreStatement | undefined {
  for (const bytes of restore.statements) {
    try {
      const statement = verifyRestore(crypto, bytes, trust);
      const { logSize, logHead } = statement;
      if (logSize === restore.size && equalBytes(logHead, restore.head)) return statement;
    } catch {
      // Of another product, or signed by somebody else: the next one may be it.
    }
  }
  return undefined;
}

/** What is said of one restore; products without keys are not looked at. */
export function auditRestore(
  crypto: Crypto,
  restore: LoggedRestore,
  trusts: ReadonlyMap<string, AuditTrust>,
): { notice: Notice; findings: Finding[] } {
  const { sequence, known, products } = restore;
  const findings: Finding[] = [];
  const reasons: string[] = [];
  for (const product of products) {
    const trust = trusts.get(product);
    if (trust === undefined) continue;
    const statement = signedBy(crypto, restore, trust);
    if (statement) reasons.push(`${product}: ${statement.reason}`);
    else
      findings.push({
        code: 'restore-unsigned',
        subject: `entry ${sequence}`,
        detail: `an older database was put back, and the root of ${product} has not signed it`,
      });
  }
  const signed = reasons.length > 0 ? `; signed by the root, ${reasons.join('; ')}` : '';
  return {
    notice: {
      code: 'database-restored',
      detail: `entry ${sequence}: an older database was put back; ${known} entries had been written${signed}`,
    },
    findings,
  };
}

// `firmseal audit`: fetches log and evidence and checks them here, with keys of the owner's own; the
// authority's verdict on itself is not asked for.

import { existsSync } from 'node:fs';
import {
  type AsJson,
  audit as auditEvidence,
  evidenceFromJson,
  type JobEvidence,
  type LogRow,
} from '@firmseal/authority';
import { fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { verifyDelegation } from '@firmseal/formats';
import { type AuthorityOptions, callAuthority } from '../authority-api.ts';
import { readInput, readText, writeText } from '../files.ts';
import { readPublicKey } from '../public-key-file.ts';

interface AuditOptions extends AuthorityOptions {
  rootKey: string;
  product: string;
  deviceCaDelegation: string;
  remember?: string;
}

const pageRows = 1000;

async function fetchLog(options: AuditOptions): Promise<LogRow[]> {
  const log: LogRow[] = [];
  for (;;) {
    const from = (log.at(-1)?.sequence ?? -1) + 1;
    const page = await callAuthority(options, 'GET', `/v1/log?from=${from}&limit=${pageRows}`);
    const rows = evidenceFromJson<LogRow[]>(page['rows'] as AsJson<LogRow[]>);
    log.push(...rows);
    if (rows.length < pageRows) return log;
  }
}

async function fetchJobs(options: AuditOptions): Promise<JobEvidence[]> {
  const { jobs } = (await callAuthority(options, 'GET', '/v1/jobs')) as { jobs: { job: string }[] };
  const evidence: JobEvidence[] = [];
  for (const { job } of jobs) {
    const answer = await callAuthority(options, 'GET', `/v1/jobs/${encodeURIComponent(job)}/evidence`);
    evidence.push(evidenceFromJson<JobEvidence>(answer as unknown as AsJson<JobEvidence>));
  }
  return evidence;
}

/** `SIZE HEAD`, as an earlier audit left it. */
function rememberedHead(file: string | undefined) {
  if (file === undefined || !existsSync(file)) return [];
  const [size, head] = readText(file).split(' ');
  return [{ size: Number(size), head: fromHex(head ?? '', file) }];
}

export async function audit(options: AuditOptions): Promise<number> {
  const { product } = options;
  const rootPublicKey = readPublicKey(options.rootKey);
  const deviceCa = verifyDelegation(nodeCrypto, readInput(options.deviceCaDelegation), {
    rootPublicKey,
    role: 'device-ca',
    product,
    epoch: 0,
  });
  const trust = { product, rootPublicKey, deviceCaKeys: [deviceCa.publicKey] };
  const evidence = { log: await fetchLog(options), jobs: await fetchJobs(options) };
  const result = await auditEvidence(nodeCrypto, evidence, {
    products: new Map([[product, trust]]),
    known: rememberedHead(options.remember),
  });
  const head = `${result.head.size} ${toHex(result.head.head)}`;
  if (options.json) process.stdout.write(`${JSON.stringify({ ...result, head })}\n`);
  else {
    for (const { code, subject, detail } of result.findings)
      process.stdout.write(`FINDING ${code}: ${subject}: ${detail}\n`);
    for (const job of result.jobs)
      process.stdout.write(
        `${Object.entries(job)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}\n`,
      );
    process.stdout.write(`log ${head}\n${result.ok ? 'audit: no contradiction' : 'audit: FAILED'}\n`);
  }
  if (!result.ok) throw new Fault('audit-failed', { count: result.findings.length });
  if (options.remember !== undefined) writeText(options.remember, `${head}\n`);
  return 0;
}

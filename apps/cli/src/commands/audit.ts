// `firmseal audit`: fetches log and evidence and checks them here, with keys of the owner's own; the
// authority's verdict on itself is not asked for.

import { existsSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import {
  type AsJson,
  audit as auditEvidence,
  evidenceFromJson,
  type JobEvidence,
  type LogRow,
} from '@firmseal/authority';
import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { verifyDelegation } from '@firmseal/formats';
import { type AuthorityOptions, callAuthority } from '../authority-api.ts';
import { readInput, readText } from '../files.ts';
import { authorityOption, examples, productOption, rootKeyOption, tokenOption } from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

const pageRows = 1000;

async function fetchLog(options: AuthorityOptions): Promise<LogRow[]> {
  const log: LogRow[] = [];
  for (;;) {
    const from = (log.at(-1)?.sequence ?? -1) + 1;
    const page = await callAuthority(options, 'GET', `/v1/log?from=${from}&limit=${pageRows}`);
    const rows = evidenceFromJson<LogRow[]>(page['rows'] as AsJson<LogRow[]>);
    log.push(...rows);
    if (rows.length < pageRows) return log;
  }
}

async function fetchJobs(options: AuthorityOptions): Promise<JobEvidence[]> {
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

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(rootKeyOption())
    .addOption(productOption())
    .requiredOption(
      '--device-ca-delegation <file>',
      'delegation of the device CA whose chips may have receipts',
    )
    .option(
      '--remember <file>',
      'head of the log as last seen; kept here, and checked to be still in the log',
    )
    .addHelpText(
      'after',
      examples(
        'audit --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --product panel --root-key root.key.pub --device-ca-delegation ca.delegation',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, remember } = options;
        const rootPublicKey = readPublicKey(options.rootKey);
        const deviceCa = verifyDelegation(nodeCrypto, readInput(options.deviceCaDelegation), {
          ...{ rootPublicKey, role: 'device-ca', product, epoch: 0 },
        });
        const trust = { product, rootPublicKey, deviceCaKeys: [deviceCa.publicKey] };
        if (remember !== undefined) refuseUnwritable(remember);
        const known = rememberedHead(remember);
        const evidence = { log: await fetchLog(options), jobs: await fetchJobs(options) };
        const { findings, jobs, ok, ...result } = await auditEvidence(nodeCrypto, evidence, {
          products: new Map([[product, trust]]),
          known,
        });
        const head = `${result.head.size} ${toHex(result.head.head)}`;
        for (const finding of findings) {
          const { code, subject, detail } = finding;
          face.tell({ event: 'finding', ...finding }, `FINDING ${code}: ${subject}: ${detail}`);
        }
        for (const job of jobs) {
          const counts = Object.entries(job).map(([name, value]) => `${name} ${value}`);
          face.tell({ event: 'job', ...job }, counts.join(', '));
        }
        face.tell(
          { event: 'audit', ok, findings: findings.length, head },
          `log ${head}`,
          ok ? 'audit: no contradiction' : 'audit: FAILED',
        );
        if (!ok) throw new Fault('audit-failed', { count: findings.length });
        if (remember !== undefined) writeWholeFile(remember, [utf8(`${head}\n`)]);
      }),
    );

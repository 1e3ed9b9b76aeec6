// `firmseal job`: the owner's side of a job, over the authority's HTTP API.

import { toBase64url } from '@firmseal/bytes';
import { splitPackage } from '@firmseal/seal';
import { type AuthorityOptions, callAuthority } from '../authority-api.ts';
import { readInput, refuseExisting, writeText } from '../files.ts';
import { readChoice, readNumber } from '../numbers.ts';

/** One job on one line, or the whole answer as JSON. */
function print(job: Record<string, unknown>, json: boolean | undefined): void {
  if (json) process.stdout.write(`${JSON.stringify(job)}\n`);
  else {
    const { state, mode, product, quota, units, licenses, receipts, remaining } = job;
    process.stdout.write(
      `job ${job['job']}: ${state}, ${product}, ${mode} licenses; quota ${quota}, units taken ${units}, remaining ${remaining}, ` +
        `licenses ${licenses}, receipts ${receipts}\n`,
    );
  }
}

interface OpenOptions extends AuthorityOptions {
  package: string;
  contentKey: string;
  quota: string;
  mode: string;
  idFile?: string;
}

export async function open(options: OpenOptions): Promise<void> {
  if (options.idFile !== undefined) refuseExisting(options.idFile);
  const { headerBytes } = splitPackage(readInput(options.package));
  const job = await callAuthority(options, 'POST', '/v1/jobs', {
    header: toBase64url(headerBytes),
    contentKeyFile: toBase64url(readInput(options.contentKey)),
    quota: readNumber(options.quota, '--quota', { least: 1 }),
    mode: readChoice(options.mode, '--mode', ['session', 'standing'] as const),
  });
  if (options.idFile !== undefined) writeText(options.idFile, `${job['job']}\n`);
  print(job, options.json);
}

const pathOf = (job: string): string => `/v1/jobs/${encodeURIComponent(job)}`;

export async function approve(job: string, options: AuthorityOptions): Promise<void> {
  print(await callAuthority(options, 'POST', `${pathOf(job)}/approve`, {}), options.json);
}

export async function close(job: string, options: AuthorityOptions): Promise<void> {
  print(await callAuthority(options, 'POST', `${pathOf(job)}/close`, {}), options.json);
}

export async function show(job: string, options: AuthorityOptions): Promise<void> {
  print(await callAuthority(options, 'GET', pathOf(job)), options.json);
}

export async function token(job: string, options: AuthorityOptions & { out: string }): Promise<void> {
  refuseExisting(options.out);
  const answer = await callAuthority(options, 'POST', `${pathOf(job)}/tokens`, { label: 'line' });
  writeText(options.out, `${answer['token']}\n`, 0o600);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ tokenId: answer['tokenId'], file: options.out })}\n`
      : `${options.out}: token ${answer['tokenId']} for a line, this job only\n`,
  );
}

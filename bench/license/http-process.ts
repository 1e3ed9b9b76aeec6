// The authority with its HTTP server, as a process of its own: says its address, a token of a line and the
// owner's keys, and when it is asked to, what it has used. Argument: path of the database.

import { createToken, openSqliteStore, serveAuthority } from '@firmseal/authority';
import { Owner } from '@firmseal/authority/testing';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { BenchJob, keysOfFiles } from './bench-job.ts';

export interface ServedJob {
  readonly url: string;
  readonly token: string;
  /** In hexadecimal. */
  readonly job: string;
  readonly deviceCa: Owner['deviceCa'];
}

const store = openSqliteStore({ path: process.argv[2]!, crypto });
const owner = new Owner();
const job = await BenchJob.open(store, keysOfFiles(owner), owner);
const { authority, jobId } = job;
const { token } = await createToken(authority, { scope: 'line', jobId, label: 'bench', by: 'local' });
const running = await serveAuthority({ authority, limits: { burst: 1_000_000, perSecond: 1_000_000 } });
process.on('message', () => process.send?.(process.cpuUsage()));
const { deviceCa } = owner;
process.send?.({ url: running.url, token, job: toHex(jobId), deviceCa } satisfies ServedJob);

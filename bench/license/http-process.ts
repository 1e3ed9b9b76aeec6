// The authority with its HTTP server, as a process of its own: says its address, a token of a line and the
// owner's keys, and when it is asked to, what it and
// its signer have used. Arguments: paths of the database, of the signer's table and of its socket.

import { createToken, openSqliteStore, serveAuthority } from '@firmseal/authority';
import { Owner } from '@firmseal/authority/testing';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { BenchJob } from './bench-job.ts';
import { SignerBeside } from './signer-beside.ts';

export interface ServedJob {
  readonly url: string;
  readonly token: string;
  /** In hexadecimal. */
  readonly job: string;
  readonly deviceCa: Owner['deviceCa'];
}

/** Microseconds of CPU so far. */
export interface ServedUsage {
  readonly own: number;
  readonly signer: number;
}

const [path, table, socket] = process.argv.slice(2) as [string, string, string];
const store = openSqliteStore({ path, crypto });
const owner = new Owner();
const signer = await SignerBeside.start(owner, { table, socket });
const job = await BenchJob.open(store, signer, owner);
const { authority, jobId } = job;
const { token } = await createToken(authority, { scope: 'line', jobId, label: 'bench', by: 'local' });
const running = await serveAuthority({ authority, limits: { burst: 1_000_000, perSecond: 1_000_000 } });
process.on('message', async () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ own: user + system, signer: await signer.cpuUs() } satisfies ServedUsage);
});
// Ends with the process that measures, and its signer with it.
process.once('disconnect', () => process.exit(0));
const { deviceCa } = owner;
process.send?.({ url: running.url, token, job: toHex(jobId), deviceCa } satisfies ServedJob);

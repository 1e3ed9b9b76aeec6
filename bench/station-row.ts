// What a station alone costs the computer at the line for 1 MiB installed: chips and authority are another
// process, reached over TCP and HTTP as at any line; the journal is a file.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AuthorityClient, accessForJob } from '@firmseal/authority-client';
import { fromHex, Secret, toHex, utf8 } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { systemClock } from '@firmseal/link';
import { createInstallVerifier, readInstallPackage, runGang } from '@firmseal/programmer';
import { connectTcp } from '@firmseal/tcp-adapter';
import { virtualProduct } from '@firmseal/virtual-line';
import type { BenchRow } from './row.ts';
import type { Site } from './station/site-process.ts';

const sizeBytes = 1024 * 1024;
/**
 * One a time. The first runs while code is still being compiled, as that of a station that was just started.
 */
const installs = 5;
const aimSeconds = 0.1;

/** Installs on the chip at that port, from reading the package to the verified receipt. */
async function installAt(port: number, site: Site, journalPath: string): Promise<void> {
  const rootPublicKey = fromHex(site.rootPublicKey);
  const sealed = readInstallPackage(nodeCrypto, Uint8Array.from(readFileSync(site.packagePath)), {
    rootPublicKey,
  });
  const client = new AuthorityClient({
    address: site.authority,
    token: new Secret(utf8(site.token)),
    clock: systemClock,
  });
  const caPublicKeys = [fromHex(site.deviceCa)];
  const journal = await openJournalFile(journalPath);
  const [result] = await runGang({
    sockets: [`tcp:127.0.0.1:${port}`],
    sealed,
    opener: { open: () => connectTcp('127.0.0.1', port) },
    authority: accessForJob(client, fromHex(site.job)),
    journal,
    verifier: createInstallVerifier(nodeCrypto, {
      sealed,
      verifyCertificate: (der) =>
        verifyDeviceCertificate(nodeCrypto, der, { caPublicKeys, product: virtualProduct, now: new Date() }),
    }),
    clock: systemClock,
    now: () => new Date(),
    newId: () => toHex(nodeCrypto.randomBytes(16)),
    onEvent: () => undefined,
  });
  await journal.close();
  if (result?.outcome !== 'pass') throw new Error(`the install ended as ${result?.outcome}`);
}

export async function stationRow(): Promise<BenchRow> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-station-'));
  const script = fileURLToPath(new URL('station/site-process.ts', import.meta.url));
  const child: ChildProcess = fork(script, [folder, String(sizeBytes), String(installs)]);
  try {
    const [site] = (await once(child, 'message')) as [Site];
    const seconds: number[] = [];
    for (const [index, port] of site.ports.entries()) {
      const before = process.cpuUsage();
      await installAt(port, site, join(folder, `journal-${index}.jsonl`));
      const { user, system } = process.cpuUsage(before);
      seconds.push((user + system) / 1e6);
    }
    const least = Math.min(...seconds);
    return {
      name: 'station CPU for 1 MiB installed',
      value: least,
      unit: 's',
      ratio: least / aimSeconds,
      aim: 1,
      limit: 2,
      note: `CPU time of the station's process, least of ${installs} installs, the first ${seconds[0]!.toFixed(2)} s; chip and authority are another process; peer: ${aimSeconds} s`,
    };
  } finally {
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

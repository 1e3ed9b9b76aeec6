// A station that was killed: at each line of its journal, before it was written and after. The same command
// ends well, and the chip has one unit. Over the debug port of a virtual chip, and over a UART bootloader,
// which shows no unique id once the chip is protected.

import { readFileSync } from 'node:fs';
import { AuthorityClient, stationAccessForJob } from '@firmseal/authority-client';
import { fromHex, Secret, utf8 } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { openKeyFile, passphraseOf, signerOf } from '@firmseal/keys';
import { systemClock } from '@firmseal/link';
import { type JournalEntry, readInstallPackage, runUnproven } from '@firmseal/programmer';
import { verifyStation } from '@firmseal/station';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { openProgrammer } from '../src/programmer-place.ts';
import { readPublicKey } from '../src/public-key-file.ts';
import { type Order, passphrase } from './chain.ts';
import { jsonLines } from './run-here.ts';
import { flashStart, plainFirmware, StationDesk } from './station-desk.ts';

const id = 'stm32g0b1';
const desk = new StationDesk();
beforeAll(() => desk.begin());
afterAll(() => desk.end());

type Kind = Extract<JournalEntry['kind'], `station-${string}`>;
const kinds: Kind[] = [
  ...(['station-licensed', 'station-written', 'station-protected'] as const),
  ...(['station-stated', 'station-delivered'] as const),
];

/** The engine with the desk's own files, in a process that ends at that line of the journal. */
async function runUntilKilled(
  order: Order,
  via: string,
  { kind, written }: { kind: Kind; written: boolean },
) {
  const read = (path: string) => new Uint8Array(readFileSync(path));
  const rootPublicKey = readPublicKey(desk.at('root.key.pub'));
  const file = read(order.sealed);
  const sealed = readInstallPackage(nodeCrypto, file, { rootPublicKey });
  const delegation = read(desk.at('station.delegation'));
  const key = await openKeyFile(nodeCrypto, {
    ...{ path: desk.at('station.key'), passphrase: passphraseOf(passphrase, 'this test'), role: 'station' },
  });
  const client = new AuthorityClient({
    address: desk.owner[1]!,
    token: new Secret(utf8(readFileSync(order.token, 'utf8').trim())),
    clock: systemClock,
  });
  const journal = await openJournalFile(`${order.token}.jsonl`);
  let killed = false;
  const append = async (entry: JournalEntry): Promise<void> => {
    const isPoint = entry.kind === kind;
    if (!killed && (!isPoint || written)) await journal.append(entry);
    killed ||= isPoint;
    if (killed) throw new Error('the process is gone');
  };
  const jobId = fromHex(order.job);
  const settings = {
    ...{ crypto: nodeCrypto, chip: findChip(id), jobId, sealed, file },
    station: {
      signer: signerOf(nodeCrypto, key),
      delegation,
      verified: verifyStation(nodeCrypto, delegation, { rootPublicKey }),
    },
    authority: stationAccessForJob(client, jobId),
    journal: { entries: journal.entries, append },
    openProgrammer: (place: string) => openProgrammer(place, findChip(id)),
    ...{ confirmPermanent: false, now: () => new Date(), onEvent: () => undefined },
    newId: () => Buffer.from(nodeCrypto.randomBytes(16)).toString('hex'),
  };
  const results = await runUnproven(settings, [via]);
  await journal.close();
  expect(killed).toBe(true);
  expect(results).toMatchObject([{ outcome: 'fail', fault: { code: 'internal-error' } }]);
}

const level1 = ['--least-level', '1', '--allow-unprotected'];

const points = (['onProbe', 'onUart'] as const).flatMap((way) =>
  kinds.flatMap((kind) => [false, true].map((written) => ({ way, kind, written }))),
);
/** Once a UART chip is protected it hides its unique id: what it was stands in the journal alone. */
const sample = points.filter(({ way, kind, written }) =>
  way === 'onUart' ? kind === 'station-protected' && !written : written || kind === 'station-stated',
);

it.each(sampled(points, sample))(
  'killed $way at $kind (written: $written): the same command ends well',
  async ({ way, ...at }) => {
    const name = `${way}-${at.kind}-${at.written}`;
    const order = await desk.plainOrder(id, name, 1, ...level1);
    const { chip, via } = await desk[way](id, name);
    await runUntilKilled(order, via, at);
    const outcome = await desk.try(...desk.unprovenWords(order, id, via));
    // All was done, and a chip that hides its unique id could be any other: it is not called done twice.
    const isOver = way === 'onUart' && at.kind === 'station-delivered' && at.written;
    expect(outcome.status, outcome.stderr).toBe(isOver ? 14 : 25);
    if (isOver) expect(outcome.stderr).toContain('A chip that this station finished needs nothing more');
    expect(chip.judge.flash(flashStart, plainFirmware.length)).toEqual(plainFirmware);
    expect(chip.judge.readoutLevel).toBe(1);
    const [job] = jsonLines(await desk.run('job', 'show', order.job, ...desk.owner, '--json'));
    expect(job).toMatchObject({ units: 1, remaining: 0, stated: { 'DONE-UNPROVEN': 1 } });
  },
);

it('the audit finds nothing in all of it', async () => {
  await desk.audit();
});

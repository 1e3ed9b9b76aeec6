// `npm run conformance`: runs stm32flash, dfu-util and OpenOCD against every chip, keeps the cells, and makes the page of
// them. `-- stm32g0b1 dfu-util` runs these only and keeps the other cells; `-- --page` makes the page only. Ends with 1 when a
// cell is broken.

import { chips } from './cell.ts';
import { readRecords, writePage, writeRecord } from './records.ts';
import { clientVersions, type HostClient, runClients } from './run-clients.ts';

const all: readonly HostClient[] = ['stm32flash', 'dfu-util', 'openocd-stlink'];
const words = process.argv.slice(2);
const named = <T extends string>(known: readonly T[]): readonly T[] => {
  const found = known.filter((one) => words.includes(one));
  return found.length === 0 ? known : found;
};

if (!words.includes('--page')) {
  const [chosenChips, chosenClients] = [named(chips), named(all)];
  const fresh = await runClients(chosenChips, {
    clients: chosenClients,
    told: (chip, client) => void process.stderr.write(`${chip} ${client} ...\n`),
  });
  const [before] = readRecords();
  const cells = chips.flatMap((chip) =>
    all.flatMap((client) => {
      const from =
        chosenChips.includes(chip) && chosenClients.includes(client) ? fresh : (before?.cells ?? []);
      return from.filter((one) => one.chip === chip && one.client === client);
    }),
  );
  writeRecord({ versions: await clientVersions(), date: new Date().toISOString().slice(0, 10), cells });
}
writePage();
const broken = readRecords().flatMap(({ cells }) => cells.filter(({ outcome }) => outcome === 'broken'));
for (const { chip, client, operation, because } of broken)
  process.stderr.write(`BROKEN ${chip} ${client} ${operation}: ${because}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;

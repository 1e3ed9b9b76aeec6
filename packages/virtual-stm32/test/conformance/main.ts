// `npm run conformance`: runs stm32flash, dfu-util and OpenOCD against every chip, keeps the cells, and makes the page of
// them. `-- --page` makes the page only. Ends with 1 when a cell is broken.

import { chips } from './cell.ts';
import { readRecords, writePage, writeRecord } from './records.ts';
import { clientVersions, runClients } from './run-clients.ts';

if (!process.argv.includes('--page')) {
  const cells = await runClients(chips, {
    clients: ['stm32flash', 'dfu-util', 'openocd-stlink'],
    told: (chip, client) => void process.stderr.write(`${chip} ${client} ...\n`),
  });
  writeRecord({ versions: await clientVersions(), date: new Date().toISOString().slice(0, 10), cells });
}
writePage();
const broken = readRecords().flatMap(({ cells }) => cells.filter(({ outcome }) => outcome === 'broken'));
for (const { chip, client, operation, because } of broken)
  process.stderr.write(`BROKEN ${chip} ${client} ${operation}: ${because}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;

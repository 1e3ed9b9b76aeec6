// `npm run lab -- conformance`: runs stm32flash, dfu-util and OpenOCD against every chip, keeps the
// cells, and makes the page of them. `-- stm32g0b1 dfu-util` runs these only and keeps the other
// cells; `-- --page` makes the page only. CMSIS-DAP needs the machine of `npm run lab -- usb-vm`.
// Ends with 1 when a cell is broken.

import { oneOf, readCommandLine } from '../../../tools/command-line.ts';
import { prepareGuest } from '../../usb-vm/guest.ts';
import { type Cell, type ClientName, type ClientRun, chips, clients } from './cell.ts';
import { readRecord, writePage, writeRecord } from './records.ts';
import { programName, runClients } from './run-clients.ts';

const usage = 'npm run lab -- conformance [CHIP ...] [CLIENT ...], or -- --page';
const words = readCommandLine(usage, (given) =>
  given.map((word) => oneOf(word, 'chip or client', [...chips, ...clients, '--page'])),
);
const named = <T extends string>(known: readonly T[]): readonly T[] => {
  const found = known.filter((one) => words.some((word) => word === one));
  return found.length === 0 ? known : found;
};

async function record(): Promise<void> {
  const before = readRecord();
  const [chosenChips, chosenClients] = [named(chips), named(clients)];
  const guest = chosenClients.includes('openocd-cmsis-dap') ? prepareGuest() : undefined;
  const fresh = await runClients(chosenChips, {
    clients: chosenClients,
    ...(guest === undefined ? {} : { guest }),
    told: (chip, client) => void process.stderr.write(`${chip} ${client} ...\n`),
  });
  const isFresh = ({ chip, client }: Pick<Cell, 'chip' | 'client'>): boolean =>
    chosenChips.some((one) => one === chip) && chosenClients.includes(client);
  const all = [...before.cells.filter((one) => !isFresh(one)), ...fresh];
  const cells = chips.flatMap((chip) =>
    clients.flatMap((client) => all.filter((one) => one.chip === chip && one.client === client)),
  );
  // A client that ran on some chips only keeps its date: the others' cells are as old as they were.
  const date = new Date().toISOString().slice(0, 10);
  const runs: Partial<Record<ClientName, ClientRun>> = { ...before.runs };
  if (chosenChips.length === chips.length)
    for (const client of chosenClients) runs[client] = { program: await programName(client, guest), date };
  writeRecord({ runs, cells });
}

if (!words.includes('--page')) await record();
writePage();
const broken = readRecord().cells.filter(({ outcome }) => outcome === 'broken');
for (const { chip, client, operation, because } of broken)
  process.stderr.write(`BROKEN ${chip} ${client} ${operation}: ${because}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;

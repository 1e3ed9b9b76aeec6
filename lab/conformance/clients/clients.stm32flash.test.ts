// The kept table of clients is what the clients still do: a sample of it is run again, cell by cell, and the
// page is what the cells make. OpenOCD has its own test of the same kind (src/doors/openocd.openocd.test.ts).

import { describe, expect, test } from 'vitest';
import { lackingTool } from '../../../tools/test-report/skip-tests.ts';
import { chips, clients, operations } from './cell.ts';
import { pageText, readRecord } from './records.ts';
import { renderTable } from './render-table.ts';
import { runClients } from './run-clients.ts';

const kept = readRecord().cells;
const lacks: Readonly<Record<'stm32flash' | 'dfu-util', string | undefined>> = {
  stm32flash: lackingTool(['stm32flash', 'in-ci', ['-h']], ['python3']),
  'dfu-util': lackingTool(['dfu-util'], ['gcc']),
};

describe('the kept cells', () => {
  test('are whole: every operation of every client on every chip, and none is broken', () => {
    const names = kept.map(({ chip, client, operation }) => `${chip} ${client} ${operation}`);
    const all = chips.flatMap((chip) =>
      clients.flatMap((client) => operations.map((operation) => `${chip} ${client} ${operation}`)),
    );
    expect(names.sort()).toEqual(all.sort());
    expect(kept.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
  });

  test('name the document of every refusal and the reason of every lack', () => {
    for (const cell of kept)
      expect([cell, cell.outcome === 'works' || cell.because !== undefined]).toEqual([cell, true]);
  });

  test('make the page', () => expect(pageText()).toBe(renderTable(readRecord())));
});

/** One chip a client, another for each, so that the whole of both engines is met. */
const samples: readonly (readonly [keyof typeof lacks, string])[] = [
  ['stm32flash', 'stm32l476'],
  ['dfu-util', 'stm32g0b1'],
];

for (const [client, chip] of samples)
  test(`${client} on ${chip} does what is kept`, async (context) => {
    const lack = lacks[client];
    if (lack !== undefined) context.skip(lack);
    const cells = await runClients([chip], { clients: [client] });
    const same = kept.filter((one) => one.client === client && one.chip === chip);
    expect(cells).toHaveLength(operations.length);
    expect(cells).toEqual(expect.arrayContaining(same));
    expect(same).toHaveLength(cells.length);
  });

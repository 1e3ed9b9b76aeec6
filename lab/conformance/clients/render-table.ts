// docs/virtual-stm32-conformance.md as made of the kept cells.

import { type Cell, type ClientRecord, chips, clients, operations } from './cell.ts';

const titles: Readonly<Record<Cell['client'], string>> = {
  stm32flash: 'stm32flash',
  'dfu-util': 'dfu-util',
  'openocd-stlink': 'OpenOCD, ST-LINK',
  'openocd-cmsis-dap': 'OpenOCD, CMSIS-DAP',
};

/** Letters of footnotes by their text, in the order of their first use. */
class Notes {
  readonly #texts: string[] = [];

  mark(text: string): string {
    if (!this.#texts.includes(text)) this.#texts.push(text);
    return `[${this.#texts.indexOf(text) + 1}]`;
  }

  get lines(): string[] {
    return this.#texts.map((text, i) => `${i + 1}. ${text}`);
  }
}

const words = {
  works: 'works',
  refused: 'refused',
  'not-supported': 'not supported',
  broken: 'BROKEN',
} as const;

function cellText(cell: Cell | undefined, notes: Notes): string {
  if (cell === undefined) return 'MISSING';
  const { outcome, because } = cell;
  return because === undefined ? words[outcome] : `${words[outcome]} ${notes.mark(because)}`;
}

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export function renderTable({ runs, cells }: ClientRecord): string {
  const notes = new Notes();
  const tables = chips.flatMap((chip) => [
    `## ${chip}`,
    '',
    row('Operation', ...clients.map((client) => titles[client])),
    row('---', ...clients.map(() => '---')),
    ...operations.map((operation) =>
      row(
        operation,
        ...clients.map((client) =>
          cellText(
            cells.find((one) => one.chip === chip && one.client === client && one.operation === operation),
            notes,
          ),
        ),
      ),
    ),
    '',
  ]);
  const programs = clients.flatMap((client) => {
    const run = runs[client];
    return run === undefined ? [] : [`- ${titles[client]}: ${run.program}; run on ${run.date}`];
  });
  return [
    '# Clients against the virtual STM32',
    '',
    'Made by `npm run lab -- conformance` from real runs of unmodified clients; edit nothing here. Each cell is a run on a fresh',
    'chip (OpenOCD: four sessions a chip), judged by what the chip holds afterwards. The cells are kept in',
    '`lab/conformance/results/clients.json`; `lab/conformance/clients` has the runs, and its test',
    'repeats a sample and compares; `npm run lab -- usb-vm` repeats the CMSIS-DAP column whole.',
    '',
    '**works**: the chip did it and the client saw that. **refused**: the chip refused, as silicon does by the document named,',
    'and the client said so. **not supported**: the client cannot do it, for the reason in the note.',
    '',
    ...programs,
    '',
    ...tables,
    '## Notes',
    '',
    ...notes.lines,
    '',
  ].join('\n');
}

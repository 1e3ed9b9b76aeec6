// Reads spec/errors/*.json and spec/exit-codes.json: every error with every column. Columns that a row leaves
// out have the value of its file's `defaults`. Each area owns a range of one hundred numbers; a number, once
// published, is never given to another code.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Columns = {
  /** Name of the exit status of a command that ends with this fault. */
  exit: string;
  /** Status of the authority's answer; null where the authority never answers with it. */
  http: number | null;
  /** What an install does after it. */
  retry: string;
  /** Whether the agent in the chip answers with it. */
  chip: boolean;
};
type Entry = { number: number; code: string; sentence: string; remedy: string } & Columns;
export type Area = { area: string; first: number; about: string; errors: Entry[] };
type AreaFile = {
  area: string;
  first: number;
  about: string;
  defaults: Pick<Columns, 'exit'> & Partial<Columns>;
  errors: (Omit<Entry, keyof Columns> & Partial<Columns>)[];
};
export type ExitCode = { number: number; name: string; meaning: string };

const root = fileURLToPath(new URL('../../', import.meta.url));

const retries = ['fail', 'restart', 'relicense'];

export function readExitCodes(): ExitCode[] {
  const { exitCodes } = JSON.parse(readFileSync(`${root}spec/exit-codes.json`, 'utf8'));
  return exitCodes as ExitCode[];
}

/** Every row with every column. Throws for a value that no column has. */
function withColumns({ defaults, errors, ...head }: AreaFile): Area {
  const exits = new Set(readExitCodes().map(({ name }) => name));
  const rows = errors.map((row): Entry => {
    const entry = { http: null, retry: 'fail', chip: false, ...defaults, ...row };
    const { exit, http, retry } = entry;
    const known = exits.has(exit) && exit !== 'pass' && retries.includes(retry);
    if (!known || (http !== null && (http < 400 || http > 599)))
      throw new Error(`${row.code}: a column has a value that it cannot have`);
    return entry;
  });
  return { ...head, errors: rows };
}

export function readAreas(): Area[] {
  const folder = `${root}spec/errors/`;
  const areas = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => withColumns(JSON.parse(readFileSync(folder + name, 'utf8')) as AreaFile))
    .sort((a, b) => a.first - b.first);
  const seen = new Set<string | number>();
  for (const area of areas) {
    for (const { number, code } of area.errors) {
      if (number < area.first || number >= area.first + 100)
        throw new Error(`${code}: ${number} is outside ${area.area}`);
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code)) throw new Error(`${code}: not kebab-case`);
      if (seen.has(number) || seen.has(code)) throw new Error(`${code} or ${number} stands twice`);
      seen.add(number).add(code);
    }
    area.errors.sort((a, b) => a.number - b.number);
  }
  return areas;
}

// A cell of the table of clients against operations: what came of a client's real run against one chip. Kept
// as JSON in packages/virtual-stm32/conformance; docs/virtual-stm32-conformance.md is made of it.

/** Rows of the table, in their order. */
export const operations = [
  'identify',
  'read',
  'erase a sector',
  'erase everything',
  'write',
  'verify',
  'option bytes',
  'protect (level 1)',
  'level 1: identify',
  'level 1: read',
  'level 1: write',
  'level 1: erase',
  'unprotect (level 0)',
  'go or leave',
  'level 2: connect',
] as const;
export type OperationName = (typeof operations)[number];

/** Columns, in their order. */
export const clients = ['stm32flash', 'dfu-util', 'openocd-stlink', 'openocd-cmsis-dap'] as const;
export type ClientName = (typeof clients)[number];

export const chips = [
  ...(['stm32f427', 'stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'] as const),
  ...(['stm32f427xg', 'stm32f446', 'stm32f411'] as const),
] as const;

export interface Cell {
  readonly chip: string;
  readonly client: ClientName;
  readonly operation: OperationName;
  /** `refused`: as the silicon does, by the source named. `broken`: neither; no kept cell may be. */
  readonly outcome: 'works' | 'refused' | 'not-supported' | 'broken';
  /**
   * Of a refusal: the document; of an operation that the client cannot do: why. Of a
   * broken one: what was seen.
   */
  readonly because?: string;
}

export interface ClientRun {
  /** The program as it names itself, and how it reached the chips where that is not plain. */
  readonly program: string;
  /** Day of the run of this client on every chip, YYYY-MM-DD. */
  readonly date: string;
}

export interface ClientRecord {
  readonly runs: Readonly<Partial<Record<ClientName, ClientRun>>>;
  readonly cells: readonly Cell[];
}

type Outcome = Pick<Cell, 'outcome' | 'because'>;

export const works: Outcome = { outcome: 'works' };
export const refused = (source: string): Outcome => ({ outcome: 'refused', because: source });
export const notSupported = (reason: string): Outcome => ({ outcome: 'not-supported', because: reason });

/**
 * `expected` when what was looked at is so; else what the client printed last, so that
 * the cell says what is wrong.
 */
export function judged(isSo: boolean, expected: Outcome, printed: string): Outcome {
  if (isSo) return expected;
  return { outcome: 'broken', because: printed.trim().split('\n').slice(-2).join(' / ') };
}

/** What runs one operation of one client against a fresh chip. */
export type Attempts = Readonly<Partial<Record<OperationName, () => Promise<Outcome>>>>;

export async function runAttempts(
  attempts: Attempts,
  { chip, client }: Pick<Cell, 'chip' | 'client'>,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const operation of operations) {
    const attempt = attempts[operation];
    if (attempt !== undefined) cells.push({ chip, client, operation, ...(await attempt()) });
  }
  return cells;
}

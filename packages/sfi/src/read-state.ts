// The state of a chip, read through ST's tool: its option bytes, and where it answers no more the life cycle
// that a discovery of debug authentication tells (H5 and H7RS).

import type { StTool } from './books.ts';
import type { SfiFamily } from './families.ts';
import type { StateRead } from './outcome.ts';
import { type ToolLog, ToolLogReader } from './tool-log.ts';
import { stWords, type ToolPort } from './tool-words.ts';

export interface ToRead {
  readonly tool: StTool;
  readonly port: ToolPort;
  readonly family: SfiFamily;
  readonly onLine: (line: string) => void;
}

export interface ChipState extends StateRead {
  /** 0xeaeaeaea where debug authentication data are provisioned. */
  readonly integrity?: number;
  /** What the tool printed. */
  readonly logs: readonly ToolLog[];
}

async function logOf({ tool, onLine }: ToRead, words: readonly string[]): Promise<ToolLog> {
  const reader = new ToolLogReader();
  await tool.run(words, (line) => {
    reader.take(line);
    onLine(line);
  });
  return reader.log;
}

export const hasDiscovery = ({ stateField }: SfiFamily): boolean => stateField === 'PRODUCT_STATE';

/** A discovery alone; `lifecycle` and `integrity` where the chip told them. */
export const discover = (given: ToRead): Promise<ToolLog> => logOf(given, stWords.discovery(given.port));

/** `fields` is empty and `lifecycle` missing where the chip did not answer. */
export async function readState(given: ToRead): Promise<ChipState> {
  const { family } = given;
  const options = await logOf(given, stWords.options(given.port, family));
  if (options.fields[family.stateField] !== undefined || !hasDiscovery(family))
    return { fields: options.fields, logs: [options] };
  const found = await discover(given);
  const { lifecycle, integrity } = found;
  return {
    fields: options.fields,
    ...(lifecycle === undefined ? {} : { lifecycle }),
    ...(integrity === undefined ? {} : { integrity }),
    logs: [options, found],
  };
}

export const answered = ({ fields, lifecycle }: StateRead): boolean =>
  Object.keys(fields).length > 0 || lifecycle !== undefined;

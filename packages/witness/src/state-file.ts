// What a witness remembers, in one file that is replaced whole, and held by one process. A witness that
// forgets could cosign a second history. A file that cannot be read is therefore
// never replaced by an empty one.

import { existsSync } from 'node:fs';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { holdFile, readBoundedFile, writeWholeFile } from '@firmseal/files';
import { fromBase64, type TreeHead, toBase64 } from '@firmseal/ledger';
import { z } from 'zod';
import type { WitnessState } from './witness.ts';

const stateFormat = 'firmseal-witness-state-1';
const stateSizeBytesAtMost = 16 << 20;

const hash = z.string().transform((text, context) => {
  const bytes = fromBase64(text);
  if (bytes?.length === 32) return bytes;
  context.addIssue({ code: 'custom', message: 'it is no hash in base64' });
  return z.NEVER;
});

const stateFile = z.strictObject({
  format: z.literal(stateFormat),
  logs: z.array(
    z.strictObject({ origin: z.string(), size: z.int().min(0), root: hash, checkpoint: z.string() }),
  ),
});

type Kept = TreeHead & { readonly checkpoint: string };

function readState(path: string): Map<string, Kept> {
  if (!existsSync(path)) return new Map();
  const invalid = (problem: string) => new Fault('ledger-settings-invalid', { file: path, problem });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(readBoundedFile(path, stateSizeBytesAtMost)));
  } catch (cause) {
    throw cause instanceof Fault ? cause : invalid('it is not JSON');
  }
  const { data, error } = stateFile.safeParse(value);
  if (data === undefined) throw invalid(`${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}`);
  return new Map(data.logs.map(({ origin, size, root, checkpoint }) => [origin, { size, root, checkpoint }]));
}

export interface HeldWitnessState extends WitnessState {
  /** Ledgers with the size that was cosigned last. */
  list(): { origin: string; size: number }[];
  release(): Promise<void>;
}

/**
 * Opens the file at `path`, which is made with the first checkpoint. Throws `witness-state-held` while
 * another process has it, `ledger-settings-invalid`, and what reading a file throws.
 */
export async function openWitnessState(path: string): Promise<HeldWitnessState> {
  const lock = await holdFile(path);
  if (!lock.held) throw new Fault('witness-state-held', { process: lock.process, folder: path });
  let kept: Map<string, Kept>;
  try {
    kept = readState(path);
  } catch (fault) {
    await lock.release();
    throw fault;
  }
  return {
    find: (origin) => kept.get(origin),
    keep: (origin, head, checkpoint) => {
      const next = new Map(kept).set(origin, { ...head, checkpoint });
      const logs = [...next].map(([name, { size, root, ...rest }]) => ({
        ...{ origin: name, size, root: toBase64(root), checkpoint: rest.checkpoint },
      }));
      writeWholeFile(path, [utf8(`${JSON.stringify({ format: stateFormat, logs }, null, 2)}\n`)]);
      kept = next; // only what is on the disk counts
    },
    list: () => [...kept].map(([origin, { size }]) => ({ origin, size })),
    release: () => lock.release(),
  };
}

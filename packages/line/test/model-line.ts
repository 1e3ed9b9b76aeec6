// A line of model chips in test time: chips that are put in and taken out, a journal that survives a kill,
// the model authority behind all sockets.

import { Fault } from '@firmseal/fault';
import type { ByteStream } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import type { JournalEntry } from '@firmseal/programmer';
import { type Bench, createBench, type ModelChip } from '@firmseal/programmer/testing';
import {
  countSince,
  Line,
  type LineEnd,
  type LineEvent,
  type LineFile,
  LineJournal,
  type LineSettings,
  lineFileSchema,
} from '../src/index.ts';
import { paced } from './paced-stream.ts';

export interface ModelLine {
  readonly bench: Bench<ModelChip>;
  readonly clock: TestClock;
  readonly events: LineEvent[];
  /** What stands in each place; nothing in those that are not here. */
  readonly plugged: Map<string, ModelChip>;
  /** As the disk has it. */
  readonly entries: JournalEntry[];
  /** Called before an entry is kept; a throw is a disk that fails. */
  onAppend: (entry: JournalEntry) => void;
  /** Starts a new line from the files on the disk, as the same command does. */
  create(change?: Partial<LineSettings>): Line;
  run(line: Line): Promise<LineEnd>;
}

/** Names `A1`, `A2`...; a change of the line file's fields. */
export function modelFile(sockets: number, change: Record<string, unknown> = {}): LineFile {
  return lineFileSchema.parse({
    format: 'firmseal-line-1',
    name: 'line-1',
    authority: 'https://authority.example',
    rootKey: 'root.pub',
    deviceCaDelegation: 'ca.delegation',
    packages: { panel: { file: 'panel.seal', job: 'panel.job', token: 'line.token' } },
    sockets: Array.from({ length: sockets }, (_, i) => ({
      ...{ name: `A${i + 1}`, place: `tcp:127.0.0.1:${5001 + i}`, package: 'panel' },
    })),
    ...change,
  });
}

export const placeOf = (number: number): string => `tcp:127.0.0.1:${5000 + number}`;

/** `baud`: every socket is a serial line of that rate; else bytes take no time. */
export async function createModelLine(file: LineFile, { baud }: { baud?: number } = {}): Promise<ModelLine> {
  const bench = await createBench<ModelChip>({});
  const clock = new TestClock();
  const entries: JournalEntry[] = [];
  const events: LineEvent[] = [];
  const plugged = new Map<string, ModelChip>();
  let ids = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1) + clock.nowMs());
  const open = async (place: string): Promise<ByteStream> => {
    const chip = plugged.get(place);
    if (chip === undefined) throw new Fault('link-closed');
    const stream = chip.connect();
    return baud === undefined ? stream : paced(stream, clock, baud);
  };
  const model: ModelLine = {
    ...{ bench, clock, events, plugged, entries },
    onAppend: () => undefined,
    create: (change = {}) =>
      new Line({
        file,
        packages: new Map([
          ['panel', { sealed: bench.sealed, authority: bench.authority, verifier: bench.verifier }],
        ]),
        journal: new LineJournal({
          found: entries,
          append: async (entry) => {
            model.onAppend(entry);
            entries.push(entry);
          },
        }),
        counts: countSince(entries, 0),
        ...{ opener: { open }, clock, now },
        newId: () => (++ids).toString(16).padStart(32, '0'),
        onEvent: (event) => events.push(event),
        ...change,
      }),
    run: (line) => clock.run(line.run()),
  };
  return model;
}

// A station of memory around the stand-in: tools, books and card, with a death that can be put at any point.
// What the books were given to keep stays; everything else is gone with the process that died.

import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import {
  type Books,
  findFamily,
  type InstallInputs,
  installUnit,
  type SfiEvent,
  type StTool,
  type UnitBook,
  type UnitResult,
} from '@firmseal/sfi';
import { flasher } from './flasher.ts';
import { programmer } from './programmer.ts';
import type { StandInFiles, World } from './world.ts';

/** The process ended here: nothing catches it. */
export class Death extends Error {}

export interface Bench {
  readonly world: World;
  /** By path; licenses, certificates and drafts. */
  readonly disk: Map<string, Uint8Array>;
  readonly records: Map<string, string>;
  readonly log: string[];
  /** Command lines that the tools got. */
  readonly commands: string[];
  /** Points at which it could have died so far. */
  points: number;
  /** Point at which it dies; 0 never. */
  dieAt: number;
  /** Line of all tools' lines before which the probe is unplugged; 0 never. */
  unplugAt: number;
  lines: number;
}

export const newBench = (world: World): Bench => ({
  world,
  disk: new Map(),
  records: new Map(),
  log: [],
  commands: [],
  points: 0,
  dieAt: 0,
  unplugAt: 0,
  lines: 0,
});

export function point(bench: Bench): void {
  bench.points++;
  if (bench.points === bench.dieAt) throw new Death(`at point ${bench.points}`);
}

const filesOf = (bench: Bench): StandInFiles => ({
  read: (path) => bench.disk.get(path),
  write: (path, bytes) => {
    bench.disk.set(path, bytes);
  },
});

type Program = typeof programmer;

/** Dies before a run, between any two lines, and after it; a line that was not reached has not happened. */
const toolOf = (bench: Bench, name: string, program: Program): StTool => ({
  name,
  run: async (words, onLine) => {
    bench.commands.push(words.join(' '));
    point(bench);
    const lines = program(bench.world, words, filesOf(bench));
    for (let next = lines.next(); ; next = lines.next()) {
      point(bench);
      if (next.done) return { status: next.value };
      bench.lines++;
      if (bench.lines === bench.unplugAt) {
        onLine('Error: ST-LINK error (DEV_USB_COMM_ERR)');
        return { status: 1 };
      }
      onLine(next.value);
    }
  },
});

function bookOf(bench: Bench, unit: string): UnitBook & { close(): Promise<void> } {
  const at = (name: string) => `${unit}/${name}`;
  const put = (path: string, bytes: Uint8Array) => {
    point(bench);
    bench.disk.set(path, bytes);
    point(bench);
  };
  const get = (path: string) => {
    const found = bench.disk.get(path);
    return found === undefined ? undefined : Uint8Array.from(found);
  };
  return {
    read: () => {
      const text = bench.records.get(unit);
      return text === undefined ? undefined : JSON.parse(text);
    },
    keep: (record) => {
      point(bench);
      bench.records.set(unit, JSON.stringify(record));
      point(bench);
    },
    licensePath: at('license'),
    readLicense: () => get(at('license')),
    keepLicense: (bytes) => put(at('license'), bytes),
    draftPath: at('draft'),
    readDraft: () => get(at('draft')),
    removeDraft: () => {
      bench.disk.delete(at('draft'));
    },
    refuseFullDisk: () => {},
    certificatePath: at('certificate'),
    logPath: at('log'),
    appendLog: (line) => {
      bench.log.push(line);
    },
    close: async () => undefined,
  };
}

const booksOf = (bench: Bench): Books => ({
  newCertificatePath: (port) => {
    bench.disk.delete(`certificate-${port}`);
    return `certificate-${port}`;
  },
  readCertificate: (path) => {
    const found = bench.disk.get(path);
    return found === undefined ? undefined : Uint8Array.from(found);
  },
  open: async (unit, certificate) => {
    bench.disk.set(`${unit}/certificate`, certificate);
    return bookOf(bench, unit);
  },
  licensed: () =>
    new Set(
      [...bench.records].flatMap(([unit, text]) => {
        const { license, drawing } = JSON.parse(text);
        return license !== undefined || drawing !== undefined ? [unit] : [];
      }),
    ),
  nowMs: () => 1_700_000_000_000,
});

export type BenchInputs = Partial<InstallInputs> & { readonly withSegger?: boolean };

/** One run of the command on the first chip of the world, or on the one of `port`. */
export function installOn(
  bench: Bench,
  given: BenchInputs = {},
  events: SfiEvent[] = [],
): Promise<UnitResult> {
  const { withSegger = false, ...inputs } = given;
  const chip = bench.world.chips[0]!;
  const family = findFamily(chip.family);
  return installUnit({
    crypto: nodeCrypto,
    tool: toolOf(bench, 'STM32_Programmer_CLI', programmer),
    ...(withSegger ? { segger: toolOf(bench, 'SFI_FC_x64', flasher) } : {}),
    port: { port: 'swd' },
    family,
    image: { path: 'panel.sfi', sha256: 'aa'.repeat(32) },
    files: {},
    source: { kind: 'card', slot: 1 },
    expected: { [family.stateField]: chip.final[family.stateField]! },
    books: booksOf(bench),
    drawAgain: false,
    again: false,
    onEvent: (event) => events.push(event),
    cardTurn: (act) => act(),
    ...inputs,
  });
}

/** The fault of a run that is refused; a death goes through. */
export async function faultOf(run: Promise<unknown>): Promise<Fault> {
  try {
    await run;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

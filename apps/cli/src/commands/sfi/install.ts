// `firmseal sfi install`: an .sfi image on the chips at the given ports, through ST's tool or SEGGER's. The
// license is drawn first and kept; a positive line and the state read back decide the outcome.

import { join } from 'node:path';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { exitCodes, Fault, faultLabel } from '@firmseal/fault';
import { holdFile } from '@firmseal/files';
import { exitCodeOfFault } from '@firmseal/programmer';
import {
  familyOfPart,
  type InstallInputs,
  installUnit,
  type LicenseSource,
  readSfi,
  type SfiEvent,
  type UnitResult,
} from '@firmseal/sfi';
import { accessAuthority, jobId } from '../../authority-access.ts';
import type { Face } from '../../face.ts';
import { warnOfReaders } from '../../file-readers.ts';
import { readInput } from '../../files.ts';
import {
  authorityOption,
  examples,
  number,
  passphraseOption,
  rootKeyOption,
  tokenOption,
} from '../../options.ts';
import { runs } from '../../runs.ts';
import { deliverBooks, openBooks } from '../../sfi/books-folder.ts';
import { expectedState, expectOption, optionBytesOption } from '../../sfi/expectation.ts';
import { withLedger } from '../../sfi/job-ledger.ts';
import { seggerToolName, stToolName, stToolPath, toolAt } from '../../sfi/run-tool.ts';
import { refuseRunningTools, runningTools } from '../../sfi/running-tools.ts';
import { causeEvent, causeLines, remedyOf } from '../../sfi/show-cause.ts';
import { portsOption, toolPort } from '../../sfi/tool-port.ts';
import type { Shell } from '../../shell.ts';

/** `slot=1`, `file=PATH`, `global=PATH` */
function licenseOption(
  text: string,
): { kind: 'card'; slot: number } | { kind: 'file' | 'global'; path: string } {
  const [, slot] = /^slot=(\d{1,3})$/.exec(text) ?? [];
  if (slot !== undefined) return { kind: 'card', slot: Number(slot) };
  const [, kind, path] = /^(file|global)=(.+)$/.exec(text) ?? [];
  if (path === undefined) throw new InvalidArgumentError('It must be slot=NUMBER, file=PATH or global=PATH.');
  return { kind: kind as 'file' | 'global', path };
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<image>', 'the .sfi image')
    .requiredOption('--chip <part>', 'the part, as on its package', familyOfPart)
    .addOption(portsOption().makeOptionMandatory())
    .requiredOption(
      '--license <source>',
      'slot=NUMBER of a card, file=PATH for one chip, global=PATH',
      licenseOption,
    )
    .option('--rsse <file>', "ST's RSSe file for this family and version of the tool")
    .option('--loader <file>', "external loader, for an image with external flash: -el or -elbl of ST's tool")
    .option('--modules <file>', "list of modules of an H5: -mcsv of ST's tool")
    .addOption(optionBytesOption())
    .addOption(expectOption())
    .option(
      '--books <folder>',
      'folder that keeps licenses, logs and outcomes; give it again to go on',
      'sfi-books',
    )
    .option('--quota <number>', 'how many chips may get a license in these books', number({ least: 1 }))
    .option(
      '--job <job>',
      'job of the authority whose units these chips are too; it takes DONE-UNPROVEN',
      jobId,
    )
    .addOption(authorityOption().makeOptionMandatory(false))
    .addOption(tokenOption().makeOptionMandatory(false))
    .addOption(rootKeyOption().makeOptionMandatory(false))
    .option('--station-key <file>', "with --job: the station's key")
    .option('--station-delegation <file>', "with --job: the root's delegation of the station")
    .addOption(passphraseOption('the station key'))
    .option('--tool <program>', "ST's STM32_Programmer_CLI; by default on the PATH or where ST installs it")
    .option('--segger <program>', "install with SEGGER's SFI Flasher Commander, which is this program")
    .option(
      '--silence <seconds>',
      'end a tool that prints nothing for so long',
      number({ least: 1, most: 3600 }),
      120,
    )
    .option('--draw-again', 'ask the card again for a chip whose license may be lost')
    .option('--again', 'install a chip again that these books call installed')
    .option('--accept-unproven', 'end with 0 when every chip is DONE-UNPROVEN')
    .addHelpText(
      'after',
      `
ST's installer gives no proof: the best outcome is DONE-UNPROVEN. firmseal was never run against ST's or
SEGGER's tools; it was tried on a stand-in that is made of published logs.
${examples(
  'sfi install panel.sfi --chip stm32u575 --via swd --license slot=1 --rsse rsse.bin \\\n      --option-bytes panel-options.csv --books batch-7 --quota 500',
  'sfi install panel.sfi --chip STM32H573II --via probe:1-4.1 --via probe:1-4.2 \\\n      --license global=license.bin --rsse rsse.bin --expect PRODUCT_STATE=0x72',
)}`,
    )
    .action(
      runs(shell, async (face, path, options) => {
        const { authority, tokenFile } = options;
        if (authority !== undefined && tokenFile !== undefined)
          accessAuthority(face, { authority, tokenFile });
        const shared = sharedInputs(face, path, options);
        const ports = await Promise.all(
          options.via.map(async (text) => ({ text, port: await toolPort(text) })),
        );
        const books = openBooks(options.books);
        await refuseRunningTools(options.books);
        const tools = toolsOf(shell, options);
        const { tool, segger } = tools;
        const giveBack = letToolsEnd(shell, face, [tool, ...(segger === undefined ? [] : [segger])]);
        const inputs = { ...shared, ...tools, books, cardTurn: takeTurns(options.books) };
        try {
          const chipId = `st-${shared.family.id}`;
          const codes = await withLedger(face, { options, chipId }, async (ledger) => {
            if (ledger !== undefined) await deliverBooks(options.books, ledger);
            return Promise.all(
              ports.map(({ text, port }) =>
                installAt(face, text, { ...inputs, port, ...(ledger === undefined ? {} : { ledger }) }),
              ),
            );
          });
          const rest = codes.filter((code) => code !== exitCodes.unproven);
          if (rest.length > 0) return new Set(rest).size === 1 ? rest[0]! : exitCodes.mixed;
          return options.acceptUnproven === true ? exitCodes.pass : exitCodes.unproven;
        } finally {
          giveBack();
        }
      }),
    );

type Options = ReturnType<ReturnType<typeof command>['opts']>;
type SharedInputs = Omit<InstallInputs, 'onEvent' | 'tool' | 'segger' | 'port' | 'books' | 'cardTurn'>;
type Tool = ReturnType<typeof toolAt>;

/**
 * What is the same for every chip. Everything that is given is read and looked at before a chip is touched.
 */
function sharedInputs(face: Face, path: string, options: Options): SharedInputs {
  const { chip: family, license, quota, rsse, loader, modules, drawAgain, again } = options;
  const file = readInput(path);
  readSfi(file);
  return {
    crypto: nodeCrypto,
    family,
    image: { path, sha256: toHex(nodeCrypto.sha256(file)) },
    files: filesOf({ rsse, loader, modules }),
    source: licenseSource(face, license),
    expected: expectedState(family, options),
    drawAgain: drawAgain === true,
    again: again === true,
    ...(quota === undefined ? {} : { quota }),
  };
}

function toolsOf(
  { environment }: Shell,
  { books, silence, tool, segger }: Options,
): { tool: Tool; segger?: Tool } {
  const common = { limitSeconds: silence, starts: runningTools(books) };
  const program = stToolPath(tool, environment['PATH']);
  return {
    tool: toolAt({ program, name: stToolName, ...common }),
    ...(segger === undefined ? {} : { segger: toolAt({ program: segger, name: seggerToolName, ...common }) }),
  };
}

/** The exit code of the chip at one port. */
async function installAt(face: Face, via: string, inputs: Omit<InstallInputs, 'onEvent'>): Promise<number> {
  try {
    const onEvent = (event: SfiEvent) => tellEvent(face, via, event);
    return tellResult(face, via, await installUnit({ ...inputs, onEvent }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return tellFault(face, via, error);
  }
}

/** The files that ST's tool reads besides. Throws what reading them throws, before a chip is touched. */
function filesOf(given: Record<'rsse' | 'loader' | 'modules', string | undefined>): InstallInputs['files'] {
  const named = Object.entries(given).filter(([, path]) => path !== undefined);
  for (const [, path] of named) readInput(path!);
  return Object.fromEntries(named);
}

/** Throws what reading the file throws. */
function licenseSource(face: Face, given: ReturnType<typeof licenseOption>): LicenseSource {
  if (given.kind === 'card') return given;
  warnOfReaders(face, given.path);
  return { kind: given.kind, bytes: readInput(given.path) };
}

const waitMs = 200;

/** One after the other, other runs with these books included: a card answers one question at a time. */
function takeTurns(folder: string): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  const alone = async <T>(act: () => Promise<T>): Promise<T> => {
    let lock = await holdFile(join(folder, 'card'));
    while (!lock.held) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      lock = await holdFile(join(folder, 'card'));
    }
    try {
      return await act();
    } finally {
      await lock.release();
    }
  };
  return (act) => {
    const turn = last.then(() => alone(act));
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** The first request to stop lets the chips end their install; the second ends the tools. */
function letToolsEnd(shell: Shell, face: Face, tools: readonly { kill(): void }[]): () => void {
  let asked = false;
  return shell.stops.take(() => {
    if (asked) for (const tool of tools) tool.kill();
    else face.warn('an install must not be cut: the command ends after it. Ask again to end it now');
    asked = true;
  });
}

function tellEvent(face: Face, via: string, event: SfiEvent): void {
  const says =
    event.event === 'unit'
      ? `chip ${event.unit}, product id ${event.productId}`
      : event.event === 'step'
        ? event.step.replaceAll('-', ' ')
        : event.says;
  face.tell({ ...event, via }, `[${via}] ${says}`);
}

/** The exit code of one chip. */
function tellResult(face: Face, via: string, result: UnitResult): number {
  const { outcome, unit, reasons, causes, errors, logPath, already } = result;
  const why = reasons.join('; ');
  face.tell(
    { event: 'outcome', via, ...result, causes: causes.map(causeEvent) },
    `[${via}] ${outcome}: chip ${unit}${already ? ', installed before by these books; nothing was done' : ''}: ${why}`,
    ...errors.map(({ text }) => `[${via}]   the tool: ${text}`),
    ...causes.flatMap(causeLines),
    `[${via}]   log: ${logPath}`,
  );
  if (outcome === 'DONE-UNPROVEN') return exitCodes.unproven;
  if (outcome === 'UNKNOWN')
    return tellFault(face, via, new Fault('sfi-outcome-unknown', { chip: unit, reason: why, log: logPath }));
  const otherwise = `Read ${logPath}. The license is kept: the same command tries again with it.`;
  const remedy = remedyOf(causes[0], otherwise);
  return tellFault(face, via, new Fault('sfi-install-failed', { chip: unit, reason: why, remedy }));
}

function tellFault(face: Face, via: string, fault: Fault): number {
  const { code, number: label, message, remedy } = fault;
  face.event({ event: 'error', via, code, number: label, sentence: message, remedy });
  face.shell.err.write(`[${via}] ${faultLabel(code)} ${code}: ${message}\n  What to do: ${remedy}\n`);
  return exitCodeOfFault(fault);
}

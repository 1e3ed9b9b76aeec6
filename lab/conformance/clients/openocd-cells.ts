// What OpenOCD can do with a chip through a probe: one session on an open chip, two on a protected chip, one
// at level 2. Each operation is judged by what the chip holds, not by what OpenOCD says alone. Which probe
// carries the sessions is the caller's: ST-LINK on this machine, CMSIS-DAP in a machine that has USB.

import { optionField, withOptionField } from '@firmseal/chips';
import { createVirtualChip, machineCode, type VirtualChip } from '@firmseal/virtual-stm32';
import { type Cell, judged, type OperationName, refused, works } from './cell.ts';
import { type OpenocdJob, type OpenocdRun, runOpenocd } from './openocd.ts';
import { openocdFamilies } from './openocd-families.ts';
import { flashStart, pattern } from './rom-bench.ts';

interface OpenocdSession extends OpenocdJob {
  readonly chip: VirtualChip;
}

/** Runs sessions one after the other; `image.bin` is in the folder that OpenOCD runs in. */
export type SessionRunner = (
  sessions: readonly OpenocdSession[],
  files: Readonly<Record<string, Uint8Array>>,
) => Promise<readonly OpenocdRun[]>;

export const onStlink: SessionRunner = async (sessions, files) => {
  const runs: OpenocdRun[] = [];
  for (const { chip, ...job } of sessions) runs.push(await runOpenocd(chip, job, files));
  return runs;
};

/** 1 KiB that begins with a vector table whose reset handler jumps to itself, then a pattern. */
function program({ chip }: VirtualChip): Uint8Array {
  const bytes = pattern(1024, 5);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, chip.ram[0]!.addressStart + 0x1000, true);
  view.setUint32(4, flashStart + 0x101, true);
  view.setUint16(0x100, 0xe7fe, true);
  return bytes;
}

/** With the beginning of `program` at the start of flash and of the second erase unit. */
function makeChip(id: string, level: 0 | 1 | 2): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: `openocd cells ${id}`, executors: [machineCode()] });
  chip.powerOn();
  chip.debug.connect();
  for (const { addressStart } of chip.chip.flash.eraseUnits.slice(0, 2))
    if (chip.debug.programFlash(addressStart, program(chip).slice(0, 32)) !== 'ok')
      throw new Error('no content');
  const { field, level1, level2 } = chip.chip.readoutProtection;
  const value = level === 1 ? level1 : level2;
  if (level > 0)
    chip.debug.writeOptionBytes(withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value }));
  chip.powerOff();
  chip.powerOn();
  return chip;
}

const holds = (chip: VirtualChip, address: number, bytes: Uint8Array): boolean =>
  Buffer.from(chip.judge.flash(address, bytes.length)).equals(bytes);
const isErased = (chip: VirtualChip, address: number): boolean =>
  chip.judge.flash(address, 32).every((byte) => byte === 0xff);

type Steps = readonly (readonly [string, string])[];
type Note = (operation: OperationName, outcome: Pick<Cell, 'outcome' | 'because'>) => void;

interface Sessions {
  readonly sessions: readonly OpenocdSession[];
  readonly judge: (runs: readonly OpenocdRun[], note: Note) => void;
}

const address = `0x${flashStart.toString(16)}`;

/** The steps that bring option bytes into force. */
function reload(id: string, name: string): [string, string][] {
  const { load } = openocdFamilies[id]!;
  const loaded: [string, string][] = load === undefined ? [] : [[`load ${name}`, load]];
  return [...loaded, [`reset ${name}`, 'reset halt']];
}

/** Identify, erase, write, verify, read, option bytes, go, protect: on a chip at level 0. */
function openSession(id: string): Sessions {
  const family = openocdFamilies[id]!;
  const chip = makeChip(id, 0);
  const image = program(chip);
  const second = chip.chip.flash.eraseUnits[1]!.addressStart;
  // Looked at when the first word is programmed: what stood there between the mass erase and the write.
  let wholeErased: boolean | undefined;
  chip.power.onOperation = ({ kind }) => {
    if (kind === 'program') wholeErased ??= isErased(chip, flashStart) && isErased(chip, second);
  };
  const steps: Steps = [
    ['probe', 'flash probe 0'],
    ['erase sector', 'flash erase_sector 0 0 0'],
    ['first after sector', `read_memory ${address} 32 1`],
    ['second after sector', `read_memory 0x${second.toString(16)} 32 1`],
    ['mass erase', `${family.driver} mass_erase 0`],
    ['write', `flash write_image image.bin ${address}`],
    ['verify', `verify_image image.bin ${address}`],
    ['read', `read_memory ${address} 8 ${image.length}`],
    ['option before', family.readOption],
    ['option', family.writeOption],
    ...reload(id, 'option'),
    ['option after', family.readOption],
    ...[['go', 'resume'] as const, ['halt', 'halt'] as const, ['pc', 'reg pc force'] as const],
    ['lock', `${family.driver} lock 0`],
    ...reload(id, 'lock'),
  ];
  const { field, after } = family.option;
  const judge = ([run]: readonly OpenocdRun[], note: Note): void => {
    const { log, answers } = run!;
    const answer = (name: string): string => answers[name] ?? `no answer to ${name}: ${log}`;
    const told = [...family.identity, family.sizeKiB].every((line) => line.test(log));
    note('identify', judged(told, works, log));
    const read = Uint8Array.from(answer('read').split(' ').map(Number));
    note('read', judged(Buffer.from(read).equals(image), works, answer('read')));
    const kept = /^0x/.test(answer('second after sector')) && answer('second after sector') !== '0xffffffff';
    const one = answer('first after sector') === '0xffffffff' && kept;
    note('erase a sector', judged(one, works, answer('erase sector')));
    note('erase everything', judged(wholeErased === true, works, answer('mass erase')));
    const written = holds(chip, flashStart, image);
    note('write', judged(written, works, answer('write')));
    note('verify', judged(/verified 1024 bytes/.test(answer('verify')), works, answer('verify')));
    const inForce = optionField(chip.chip, chip.judge.optionsLoaded, field) === after;
    const seen = answer('option before') !== answer('option after');
    note('option bytes', judged(inForce && seen, works, `${answer('option')} ${answer('option after')}`));
    note('go or leave', judged(/0x08000100/.test(answer('pc')), works, `${answer('go')} ${answer('pc')}`));
    note('protect (level 1)', judged(chip.judge.readoutLevel === 1 && written, works, answer('lock')));
  };
  return { sessions: [{ chip, family, steps }], judge };
}

/** What a chip at level 1 and one at level 2 refuse, and the return to level 0. */
function refusalSessions(id: string): Sessions {
  const family = openocdFamilies[id]!;
  const shut = makeChip(id, 1);
  const content = program(shut).slice(0, 32);
  // Looked at when the regression begins to erase: after everything that level 1 should have refused.
  let keptUntilErased = false;
  shut.power.onOperation = ({ kind }) => {
    if (kind === 'mass-erase') keptUntilErased ||= holds(shut, flashStart, content);
  };
  const attempts: Steps = [
    ['read', `read_memory ${address} 32 1`],
    ['write', `flash write_image image.bin ${address}`],
    ['erase', 'flash erase_sector 0 0 0'],
  ];
  const lift: Steps = [['unlock', `${family.driver} unlock 0`], ...reload(id, 'unlock')];
  const sessions = [
    { chip: shut, family, steps: attempts },
    { chip: shut, family, steps: lift },
    { chip: makeChip(id, 2), family, steps: [['probe', 'flash probe 0']] as Steps },
  ];
  const judge = ([tried, lifted, silent]: readonly OpenocdRun[], note: Note): void => {
    const refusal = refused(family.manual);
    const answer = (name: string): string => tried!.answers[name] ?? tried!.log;
    const no = (name: string): boolean => /^error/.test(answer(name));
    note('level 1: identify', judged(/processor detected/.test(tried!.log), works, tried!.log));
    note('level 1: read', judged(no('read'), refusal, answer('read')));
    note('level 1: write', judged(no('write') && keptUntilErased, refusal, answer('write')));
    note('level 1: erase', judged(no('erase') && keptUntilErased, refusal, answer('erase')));
    const open = shut.judge.readoutLevel === 0 && keptUntilErased && isErased(shut, flashStart);
    note('unprotect (level 0)', judged(open, works, lifted!.log));
    const nobody = silent!.exitCode !== 0 && !/processor detected/.test(silent!.log);
    note('level 2: connect', judged(nobody, refusal, silent!.log));
  };
  return { sessions, judge };
}

/** All cells, or those of the chips that are protected. */
export async function openocdCells(
  id: string,
  client: 'openocd-stlink' | 'openocd-cmsis-dap',
  { run, refusalsOnly = false }: { run: SessionRunner; refusalsOnly?: boolean },
): Promise<Cell[]> {
  const parts = [...(refusalsOnly ? [] : [openSession(id)]), refusalSessions(id)];
  const image = program(parts[0]!.sessions[0]!.chip);
  const runs = await run(
    parts.flatMap(({ sessions }) => sessions),
    { 'image.bin': image },
  );
  const cells: Cell[] = [];
  let first = 0;
  for (const { sessions, judge } of parts) {
    judge(runs.slice(first, first + sessions.length), (operation, outcome) =>
      cells.push({ chip: id, client, operation, ...outcome }),
    );
    first += sessions.length;
  }
  return cells;
}

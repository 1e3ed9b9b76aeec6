// What OpenOCD can do with a chip through an ST-LINK (stlink-server protocol): one session on an open chip, one on a
// protected chip, one at level 2. Each operation is judged by what the chip holds, not by what OpenOCD says alone.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withOptionField } from '@firmseal/chips';
import { createVirtualChip, machineCode, type VirtualChip } from '@firmseal/virtual-stm32';
import { type OpenocdRun, runOpenocd } from '../../src/doors/test-openocd.ts';
import { flashStart, pattern } from '../rom-bench.ts';
import { type Cell, judged, manuals, type OperationName, refused, works } from './cell.ts';
import { storedOptions } from './option-patch.ts';

interface Family {
  readonly target: string;
  readonly before?: string;
  readonly driver: string;
  readonly writeOption: string;
  /** Brings option bytes into force. */
  readonly load?: string;
}

const l4x = (target: string, option: string): Family => ({
  ...{ target, driver: 'stm32l4x', load: 'stm32l4x option_load 0' },
  writeOption: `stm32l4x option_write 0 ${option}`,
});
const f4: Family = {
  ...{ target: 'stm32f4x.cfg', before: 'set WORKAREASIZE 0', driver: 'stm32f2x' },
  writeOption: 'stm32f2x options_write 0 0x0e4',
};
const families: Readonly<Record<string, Family>> = {
  stm32f427: f4,
  stm32f405: f4,
  stm32h743: {
    ...{ target: 'stm32h7x.cfg', before: 'set WORKAREASIZE 0; set DUAL_BANK 1', driver: 'stm32h7x' },
    writeOption: 'stm32h7x option_write 0 0x20 0x00000008 0x0000000c',
  },
  stm32g0b1: l4x('stm32g0x.cfg', '0x20 0x00000800 0x00001800'),
  stm32l476: l4x('stm32l4x.cfg', '0x20 0x00000200 0x00000700'),
  stm32u575: l4x('stm32u5x.cfg', '0x40 0x00000200 0x00000700'),
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

/** With `content` at the start of flash and of the second erase unit. */
function makeChip(id: string, level: 0 | 1 | 2, content: Uint8Array): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: `openocd cells ${id}`, executors: [machineCode()] });
  chip.powerOn();
  chip.debug.connect();
  for (const { addressStart } of chip.chip.flash.eraseUnits.slice(0, 2))
    if (chip.debug.programFlash(addressStart, content) !== 'ok') throw new Error('no content');
  const { field, level1, level2 } = chip.chip.readoutProtection;
  const value = level === 1 ? level1 : level2;
  if (level > 0)
    chip.debug.writeOptionBytes(withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value }));
  chip.powerOff();
  chip.powerOn();
  return chip;
}

export async function openocdCells(id: string, folder: string): Promise<Cell[]> {
  const { target, before = '', driver, writeOption, load } = families[id]!;
  const manual = manuals[id]!;
  const file = (name: string): string => join(folder, `${id}-openocd-${name}.bin`);
  const address = `0x${flashStart.toString(16)}`;
  const cells: Cell[] = [];
  const note = (operation: OperationName, outcome: Pick<Cell, 'outcome' | 'because'>) =>
    cells.push({ chip: id, client: 'openocd-stlink', operation, ...outcome });
  const run = (chip: VirtualChip, steps: readonly (readonly [string, string])[]): Promise<OpenocdRun> =>
    runOpenocd({ chip, target, before, steps });
  const image = program(makeChip(id, 0, pattern(32)));
  const content = image.slice(0, 32);
  writeFileSync(file('image'), image);
  const reload = (name: string): [string, string][] => [
    ...(load === undefined ? [] : ([[`load ${name}`, load]] as [string, string][])),
    [`reset ${name}`, 'reset halt'],
  ];

  // Each step is looked at by what the chip's memory holds when the next one begins.
  const open = makeChip(id, 0, content);
  const second = open.chip.flash.eraseUnits[1]!.addressStart;
  const blank = (at: number) => open.judge.flash(at, 32).every((byte) => byte === 0xff);
  const optionsBefore = storedOptions(open);
  const erased: boolean[] = [];
  open.power.onOperation = ({ kind }) => {
    if (kind === 'program') erased[0] ??= blank(flashStart) && blank(second);
  };
  const session = await run(open, [
    ['probe', 'flash probe 0'],
    ['erase sector', 'flash erase_sector 0 0 0'],
    ['first after sector', `read_memory ${address} 32 1`],
    ['second after sector', `read_memory 0x${second.toString(16)} 32 1`],
    ['mass erase', `${driver} mass_erase 0`],
    ['write', `flash write_image ${file('image')} ${address}`],
    ['verify', `verify_image ${file('image')} ${address}`],
    ['dump', `dump_image ${file('dump')} ${address} ${image.length}`],
    ['option', writeOption],
    ...reload('option'),
    ['go', 'resume'],
    ['halt', 'halt'],
    ['pc', 'reg pc force'],
    ['lock', `${driver} lock 0`],
    ...reload('lock'),
  ]);
  const { log, answers } = session;
  const answer = (name: string): string => answers[name] ?? `no answer to ${name}: ${log}`;
  note(
    'identify',
    judged(/processor detected/.test(log) && /flash size/i.test(log + answer('probe')), works, log),
  );
  note('read', judged(readFileSync(file('dump')).equals(image), works, answer('dump')));
  const sector = answer('first after sector') === '0xffffffff' && /^0x/.test(answer('second after sector'));
  note(
    'erase a sector',
    judged(sector && answer('second after sector') !== '0xffffffff', works, answer('erase sector')),
  );
  note('erase everything', judged(erased[0] === true, works, answer('mass erase')));
  const written = Buffer.from(open.judge.flash(flashStart, image.length)).equals(image);
  note('write', judged(written, works, answer('write')));
  note('verify', judged(/verified 1024 bytes/.test(answer('verify')), works, answer('verify')));
  note('option bytes', judged(storedOptions(open) !== optionsBefore, works, answer('option')));
  note('go or leave', judged(/0x08000100/.test(answer('pc')), works, `${answer('go')} ${answer('pc')}`));
  note('protect (level 1)', judged(open.judge.readoutLevel === 1 && written, works, answer('lock')));

  const shut = makeChip(id, 1, content);
  const keptSo = (): boolean => Buffer.from(shut.judge.flash(flashStart, content.length)).equals(content);
  const attempts = await run(shut, [
    ['read', `read_memory ${address} 32 1`],
    ['write', `flash write_image ${file('image')} ${address}`],
    ['erase', 'flash erase_sector 0 0 0'],
  ]);
  const tried = (name: string): string => attempts.answers[name] ?? '';
  note('level 1: identify', judged(/processor detected/.test(attempts.log), works, attempts.log));
  note('level 1: read', judged(/^error/.test(tried('read')), refused(manual), tried('read')));
  note('level 1: write', judged(/^error/.test(tried('write')) && keptSo(), refused(manual), tried('write')));
  note('level 1: erase', judged(/^error/.test(tried('erase')) && keptSo(), refused(manual), tried('erase')));
  const lift = await run(shut, [['unlock', `${driver} unlock 0`], ...reload('unlock')]);
  const lifted = shut.judge.readoutLevel === 0 && !keptSo();
  note('unprotect (level 0)', judged(lifted, works, lift.log));

  const locked = await run(makeChip(id, 2, content), [['probe', 'flash probe 0']]);
  const silent = locked.exitCode !== 0 && !/processor detected/.test(locked.log);
  note('level 2: connect', judged(silent, refused(manual), locked.log));
  return cells;
}

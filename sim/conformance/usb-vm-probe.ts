// Cells of Debian's OpenOCD, unmodified, with CMSIS-DAP probes that a Linux kernel enumerated: version 1 through hidraw,
// version 2 through libusb. Identify, program, verify, read back, option bytes, lock, unlock.

import type { ReadoutLevel } from '@firmseal/chips';
import {
  cmsisDapBulk,
  cmsisDapHid,
  createVirtualChip,
  machineCode,
  probeTarget,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import type { AccessCell } from './access-cell.ts';
import { type Guest, runSteps } from './guest-steps.ts';

export interface ProbeCase {
  readonly id: string;
  readonly door: 'cmsis-dap-v1' | 'cmsis-dap-v2';
  readonly target: string;
  /** OpenOCD's loaders for Cortex-M4 and M7 are more than the virtual core executes: without room it writes words. */
  readonly before?: string;
  /** Commands of the flash driver. */
  readonly driver: string;
  /** Reads the option bytes. */
  readonly readOption: string;
  /** Writes the image only; `write_image` fills its last sector, which takes long by words. */
  readonly writesBank?: true;
  /** Changes the brown-out level. */
  readonly writeOption: string;
  /** Brings option bytes into force. */
  readonly load?: string;
}

const f427 = {
  ...{ id: 'stm32f427', target: 'stm32f4x.cfg', before: 'set WORKAREASIZE 0', driver: 'stm32f2x' },
  ...{ readOption: 'stm32f2x options_read 0', writeOption: 'stm32f2x options_write 0 0x0e4' },
};
const l4x = (offset: string) => ({
  ...{ driver: 'stm32l4x', load: 'stm32l4x option_load 0', readOption: `stm32l4x option_read 0 ${offset}` },
});

export const probeCases: readonly ProbeCase[] = [
  { ...f427, door: 'cmsis-dap-v1' },
  { ...f427, door: 'cmsis-dap-v2', writesBank: true },
  {
    ...{ id: 'stm32h743', door: 'cmsis-dap-v2', target: 'stm32h7x.cfg', driver: 'stm32h7x' },
    ...{ before: 'set WORKAREASIZE 0; set DUAL_BANK 1', readOption: 'stm32h7x option_read 0 0x1c' },
    writeOption: 'stm32h7x option_write 0 0x20 0x00000008 0x0000000c',
  },
  {
    ...{ id: 'stm32g0b1', door: 'cmsis-dap-v2', target: 'stm32g0x.cfg', ...l4x('0x20') },
    writeOption: 'stm32l4x option_write 0 0x20 0x00000800 0x00001800',
  },
  {
    ...{ id: 'stm32l476', door: 'cmsis-dap-v2', target: 'stm32l4x.cfg', ...l4x('0x20') },
    writeOption: 'stm32l4x option_write 0 0x20 0x00000200 0x00000700',
  },
];

/** Longer than any reach of auto-increment. */
const imageBytes = 6144;

/** Begins with a vector table whose reset handler jumps to itself, then a pattern. */
function probeImage({ chip }: VirtualChip): Uint8Array {
  const bytes = Uint8Array.from({ length: imageBytes }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, chip.ram[0]!.addressStart + 0x1000, true);
  view.setUint32(4, chip.flash.addressStart + 0x101, true);
  view.setUint16(0x100, 0xe7fe, true);
  return bytes;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Name of an action and OpenOCD's command, in the order in which one session does them. */
function actions(
  { driver, readOption, writeOption, load, writesBank }: ProbeCase,
  chip: VirtualChip,
): [string, string][] {
  const flash = hex(chip.chip.flash.addressStart);
  const sram = hex(chip.chip.ram[0]!.addressStart);
  const file = `${chip.chip.id}.bin`;
  const write = writesBank
    ? `flash erase_address pad ${flash} ${imageBytes}; flash write_bank 0 ${file}`
    : `flash write_image erase ${file} ${flash}`;
  const loaded: [string, string][] = load === undefined ? [] : [['load', load]];
  return [
    ['probe', 'flash probe 0'],
    ['write', write],
    ['verify', `verify_image ${file} ${flash}`],
    ['read back', `dump_image back.bin ${flash} ${imageBytes}`],
    ['option before', readOption],
    ['option write', writeOption],
    ...loaded,
    ['reset after option', 'reset halt'],
    ['option after', readOption],
    ['lock', `${driver} lock 0`],
    ...loaded,
    ['reset after lock', 'reset halt'],
    ['read flash locked', `read_memory ${flash} 32 1`],
    ['read sram locked', `read_memory ${sram} 32 1`],
    ['unlock', `${driver} unlock 0`],
    ...loaded,
    ['reset after unlock', 'reset halt'],
    ['read flash unlocked', `read_memory ${flash} 32 1`],
  ];
}

function configuration(one: ProbeCase, chip: VirtualChip, serial: string): string {
  const [backend, product] = one.door === 'cmsis-dap-v1' ? ['hid', '0x0001'] : ['usb_bulk', '0x0002'];
  return [
    ...['adapter driver cmsis-dap', `cmsis_dap_backend ${backend}`, `cmsis_dap_vid_pid 0x1209 ${product}`],
    ...[`adapter serial ${serial}`, 'transport select swd', 'adapter speed 4000'],
    ...['gdb_port disabled', 'tcl_port disabled', 'telnet_port disabled'],
    ...[one.before ?? '', `source [find target/${one.target}]`, 'init', 'reset halt'],
    ...actions(one, chip).map(
      ([name, command]) =>
        `if {[catch {${command}} result]} {echo "@@${name}@@error: $result@@"} else {echo "@@${name}@@$result@@"}`,
    ),
    ...['shutdown', ''],
  ].join('\n');
}

interface Loss {
  readonly level: ReadoutLevel;
  readonly hadContent: boolean;
}

export interface ProbeObservation {
  readonly probe: ProbeCase;
  readonly chip: VirtualChip;
  /** Everything that OpenOCD printed. */
  readonly log: string;
  readonly status: number;
  /** By the name of the action: the result of the command, or `error: ` and its message. */
  readonly answers: Readonly<Record<string, string>>;
  /** Whether what OpenOCD read back is what it wrote. */
  readonly readBackEqual: boolean;
  /** The level at each loss of the whole flash, and whether it held something. */
  readonly losses: readonly Loss[];
}

/** What the client says and the judge sees, as cells. */
export function probeCells({ probe, chip, answers, readBackEqual, losses }: ProbeObservation): AccessCell[] {
  const cell = (
    action: string,
    level: ReadoutLevel,
    rest: Partial<AccessCell> & { answer: string },
  ): AccessCell => ({
    ...{ chip: probe.id, door: probe.door, level, action, levelAfter: level, contentKept: true },
    ...{ outcome: rest.answer.startsWith('error') ? 'refused' : 'done', ...rest },
  });
  const brief = (name: string): string => {
    const answer = answers[name] ?? 'error: not run';
    return answer.startsWith('error') ? 'error' : 'OK';
  };
  const lost = losses[0];
  return [
    cell('write flash', 0, { answer: brief('write'), contentKept: false }),
    cell('verify flash', 0, { answer: brief('verify') }),
    cell('read flash', 0, { answer: readBackEqual ? 'OK' : 'error: other bytes' }),
    cell('write option bytes', 0, { answer: brief('option write') }),
    cell('readout protect', 0, { answer: brief('lock'), levelAfter: lost?.level ?? 0 }),
    cell('read flash', 1, { answer: brief('read flash locked') }),
    cell('read RAM', 1, { answer: brief('read sram locked') }),
    cell('readout unprotect', 1, {
      ...{
        answer: brief('unlock'),
        levelAfter: chip.judge.readoutLevel,
        contentKept: lost?.hadContent !== true,
      },
    }),
  ];
}

/** The probes in one machine. */
export async function observeProbes(guest: Guest, probes: readonly ProbeCase[]): Promise<ProbeObservation[]> {
  const files: Record<string, Uint8Array> = {};
  const cases = probes.map((probe, index) => {
    const chip = createVirtualChip({ chip: probe.id, seed: `probe ${probe.id}`, executors: [machineCode()] });
    chip.powerOn();
    const losses: Loss[] = [];
    chip.power.onOperation = ({ kind }) => {
      if (kind !== 'mass-erase') return;
      const hadContent = chip.judge.flash(chip.chip.flash.addressStart, 1)[0] !== 0xff;
      losses.push({ level: chip.judge.readoutLevel, hadContent });
    };
    const serial = `probe-${index + 1}`;
    const make = probe.door === 'cmsis-dap-v1' ? cmsisDapHid : cmsisDapBulk;
    files[`${serial}.cfg`] = new TextEncoder().encode(configuration(probe, chip, serial));
    files[`${probe.id}.bin`] = probeImage(chip);
    return { probe, chip, losses, serial, device: make(probeTarget(chip), { serial }) };
  });
  const steps = cases.flatMap(({ serial, probe }): [string, string][] => [
    [serial, `openocd -f ${serial}.cfg`],
    [`${serial} equal`, `cmp ${probe.id}.bin back.bin; kept=$?; rm -f back.bin; exit $kept`],
  ]);
  const results = await runSteps(guest, { plugged: cases, steps, files });
  return cases.map(({ probe, chip, losses, serial }) => {
    const { printed: log = '', status = -1 } = results.get(serial) ?? {};
    const marked = log.matchAll(/@@([\w -]+)@@([^@]*)@@/g);
    const answers = Object.fromEntries([...marked].map(([, name, text]) => [name, text!.trim()]));
    return {
      probe,
      chip,
      log,
      status,
      answers,
      losses,
      readBackEqual: results.get(`${serial} equal`)?.status === 0,
    };
  });
}

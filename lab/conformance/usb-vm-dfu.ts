// Cells of Debian's dfu-util, unmodified, on devices that a Linux kernel enumerated: each
// chip at readout levels 0 and 1.

import type { ReadoutLevel } from '@firmseal/chips';
import { ChipUsbPort, type VirtualChip } from '@firmseal/virtual-stm32';
import type { Guest } from '../usb-vm/guest.ts';
import { runSteps, type StepResult } from '../usb-vm/guest-steps.ts';
import type { AccessCell } from './access-cell.ts';

import { keepsContent, romChip } from './rom-chip.ts';

export const dfuChips = ['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32l476'] as const;

const imageBytes = 20_000;
const image = Uint8Array.from({ length: imageBytes }, (_, i) => (Math.imul(i, 2654435761) >>> 24) ^ 0x5a);

interface Plugged {
  readonly id: string;
  readonly level: ReadoutLevel;
  readonly chip: VirtualChip;
  readonly port: ChipUsbPort;
}

const start = '0x08000000';

/** By the path of the device, as the kernel names it. */
function stepsOf({ id, level }: Plugged, path: string): [string, string][] {
  const dfu = (rest: string) => `dfu-util -p ${path} ${rest}`;
  const flash = (modifiers: string) => dfu(`-a 0 -s ${start}${modifiers}`);
  const step = (action: string, command: string): [string, string] => [`${id} ${level} ${action}`, command];
  const list = step('list', dfu('-l'));
  const write = flash(' -D image.bin');
  if (level === 0) {
    return [
      list,
      step('write flash', write),
      step('read flash', `rm -f back.bin; ${flash(`:${imageBytes} -U back.bin`)} && cmp image.bin back.bin`),
    ];
  }
  return [
    list,
    step('read flash', `rm -f back.bin; ${flash(':32 -U back.bin')}`),
    step('write flash', write),
    step('mass erase', flash(':mass-erase:force -D image.bin')),
  ];
}

/** What dfu-util says of a refusal, else OK; a failure without such words is an error of the run. */
function answerOf({ printed, status }: StepResult): Pick<AccessCell, 'outcome' | 'answer'> {
  if (status === 0) return { outcome: 'done', answer: 'OK' };
  const refusal = /dfu-util: (\w+ not correctly executed)/.exec(printed);
  if (refusal === null) throw new Error(`dfu-util failed: ${printed.slice(-800)}`);
  return { outcome: 'refused', answer: refusal[1]! };
}

export interface DfuObservation extends AccessCell {
  readonly printed: string;
  /** Whether flash holds the image, as the judge sees it. */
  readonly holdsImage: boolean;
}

/** The chips at both levels in one machine. */
export async function observeDfu(guest: Guest, chips: readonly string[]): Promise<DfuObservation[]> {
  const plugged: Plugged[] = chips.flatMap((id) =>
    ([0, 1] as const).map((level) => {
      const chip = romChip(id, level);
      return { id, level, chip, port: new ChipUsbPort(chip) };
    }),
  );
  const steps = plugged.flatMap((one, index) => stepsOf(one, `1-${index + 1}`));
  const ports = plugged.map(({ port }) => port);
  const results = await runSteps(guest, { plugged: ports, steps, files: { 'image.bin': image } });
  for (const port of ports) port.close();
  return steps.map(([name]) => {
    const [id, level, ...action] = name.split(' ');
    const result = results.get(name);
    if (result === undefined) throw new Error(`the guest did not run the step ${name}`);
    const { chip } = plugged.find((one) => one.id === id && one.level === Number(level))!;
    const now = chip.judge.flash(chip.chip.flash.addressStart, imageBytes);
    const holdsImage = now.every((byte, i) => byte === image[i]);
    return {
      ...{
        chip: id!,
        door: 'dfu-rom' as const,
        level: Number(level) as ReadoutLevel,
        action: action.join(' '),
      },
      ...{ ...answerOf(result), levelAfter: chip.judge.readoutLevel, printed: result.printed, holdsImage },
      // A read at level 0 follows the write: the content before it is the image.
      contentKept: name.endsWith('0 read flash') ? holdsImage : keepsContent(chip),
    };
  });
}

// What can be done to running virtual chips by typing a line, or beforehand by `--fault`: power, reset, pins,
// power cuts. N is the number of a chip, or all.
//   power on|off N   reset N   boot0 high|low N   agent high|low N
//   cut N at [+]OPERATION [before|torn|after]   state N   help   quit

import { Fault } from '@firmseal/fault';
import type { CutMoment } from '@firmseal/virtual-stm32';
import type { Board } from './board.ts';

export type Control =
  | { readonly kind: 'power'; readonly on: boolean; readonly chip: number | 'all' }
  | { readonly kind: 'reset'; readonly chip: number | 'all' }
  | { readonly kind: 'boot0' | 'agent'; readonly high: boolean; readonly chip: number | 'all' }
  | {
      readonly kind: 'cut';
      readonly chip: number | 'all';
      readonly operation: number;
      /** Counted from the operations that the chip has begun by now. */
      readonly relative: boolean;
      readonly moment: CutMoment;
    }
  | { readonly kind: 'state'; readonly chip: number | 'all' }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' };

const grammar = /^(?:(power) (on|off)|(boot0|agent) (high|low)|(reset|state)) (\d{1,3}|all)$/;
const cutGrammar = /^cut (\d{1,3}|all) at (\+?)(\d{1,9})(?: (before|torn|after))?$/;

const chipOf = (text: string): number | 'all' => (text === 'all' ? 'all' : Number(text));

/** One line. Throws `control-invalid`. */
export function parseControl(line: string): Control {
  const text = line.trim().replace(/\s+/g, ' ');
  if (text === 'help' || text === 'quit') return { kind: text };
  const cut = cutGrammar.exec(text);
  if (cut !== null) {
    const [, chip, plus, operation, moment = 'torn'] = cut;
    return {
      ...{ kind: 'cut', chip: chipOf(chip!), operation: Number(operation), relative: plus === '+' },
      moment: moment as CutMoment,
    };
  }
  const found = grammar.exec(text);
  if (found === null) throw new Fault('control-invalid', { control: text.slice(0, 80) });
  const [, power, onOff, pin, level, plain, chipText] = found;
  const chip = chipOf(chipText!);
  if (power !== undefined) return { kind: 'power', on: onOff === 'on', chip };
  if (pin !== undefined) return { kind: pin as 'boot0' | 'agent', high: level === 'high', chip };
  return { kind: plain as 'reset' | 'state', chip };
}

/** The lines of a plan: `#` begins a comment. Throws `control-invalid`. */
export function parsePlan(text: string): Control[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return lines.filter((line) => line !== '').map(parseControl);
}

/** The boards that a control is about. Throws `virtual-chip-unknown`. */
export function boardsOf(boards: readonly Board[], chip: number | 'all'): readonly Board[] {
  if (chip === 'all') return boards;
  const found = boards.find(({ number }) => number === chip);
  if (found === undefined) throw new Fault('virtual-chip-unknown', { chip, count: boards.length });
  return [found];
}

/** Does it to one board. Throws `operation-passed`. */
export function applyControl(
  board: Board,
  control: Exclude<Control, { kind: 'help' | 'quit' | 'state' }>,
): void {
  const { chip } = board;
  switch (control.kind) {
    case 'power':
      if (control.on) chip.powerOn();
      else chip.powerOff();
      break;
    case 'reset':
      chip.reset();
      break;
    case 'boot0':
      board.setBoot0(control.high);
      break;
    case 'agent':
      chip.setPin('agent-request', control.high);
      break;
    case 'cut': {
      const { operations, pending } = chip.power;
      const operation = control.operation + (control.relative ? operations : 0);
      if (operation <= operations)
        throw new Fault('operation-passed', { chip: board.number, operation, operations });
      chip.power.plan([
        ...pending.filter((one) => one.operation !== operation),
        { operation, moment: control.moment },
      ]);
    }
  }
}

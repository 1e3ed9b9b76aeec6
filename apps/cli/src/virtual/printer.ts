// What `firmseal virtual` says: plain lines, JSON lines, or notes above the live view. One
// function for each thing that is said.

import { toHex } from '@firmseal/bytes';
import { type Fault, faultLabel } from '@firmseal/fault';
import type { ChipEvent } from '@firmseal/virtual-stm32';
import type { JsonEvent } from '../face.ts';
import type { Board } from './board.ts';
import { type ChipView, mapLegend } from './chip-view.ts';
import { connectLines } from './connect-lines.ts';
import type { Doors } from './doors.ts';

export interface Printer {
  /** Lines for people; nothing in JSON mode. */
  lines(...lines: readonly string[]): void;
  /** An object for machines; nothing in the other modes. */
  event<E extends JsonEvent>(event: E): void;
}

/** Chips whose command lines are printed for people: those of further chips differ by a number. */
const shownChips = 2;

/** A door a line, named and where it is. */
function doorLines(doors: Doors): string[] {
  const { linkPort, probePort, uart, usb, stlinkPort, probeUsb } = doors;
  const line = (name: string, where: string) => `    ${name.padEnd(14)}${where}`;
  const socket = `--socket tcp:127.0.0.1:${linkPort} --via virtual:127.0.0.1:${probePort}`;
  return [
    line('firmseal', socket),
    ...(uart === undefined ? [] : [line('UART', typeof uart === 'string' ? uart : `tcp 127.0.0.1:${uart}`)]),
    ...(usb === undefined ? [] : [line('USB', `USB/IP 127.0.0.1:${usb.port}, bus id ${usb.busId}`)]),
    ...(stlinkPort === undefined ? [] : [line('stlink', `stlink-server 127.0.0.1:${stlinkPort}`)]),
    ...(probeUsb === undefined
      ? []
      : [line(probeUsb.kind, `USB/IP 127.0.0.1:${probeUsb.port}, bus id ${probeUsb.busId}`)]),
  ];
}

export function announceChip(to: Printer, board: Board, doors: Doors): void {
  const { chip, number } = board;
  const socket = `tcp:127.0.0.1:${doors.linkPort}`;
  const probe = `virtual:127.0.0.1:${doors.probePort}`;
  const connect = connectLines(chip.chip, number, doors);
  to.event({
    ...{ event: 'chip', number, chip: chip.chip.id, uniqueId: toHex(chip.uid), socket, probe },
    ...{ uart: doors.uart, usb: doors.usb, stlinkPort: doors.stlinkPort, probeUsb: doors.probeUsb, connect },
  });
  to.lines(`chip ${number}: ${chip.chip.id}`, ...doorLines(doors));
  const shown = connect.filter(({ laboratory }) => laboratory !== true);
  if (number <= shownChips) to.lines(...shown.map(({ command }) => `    $ ${command}`));
}

export function announceReady(to: Printer, boards: readonly Board[]): void {
  const [first] = boards;
  to.event({ event: 'ready', chips: boards.length });
  const { boot, romBootloader } = first!.chip.chip;
  if (romBootloader.uart === undefined && romBootloader.dfu === undefined) return;
  if (boot.boot0 !== undefined)
    to.lines(
      `BOOT0's pin counts on this part while option field ${boot.boot0.pinWhile.field} is ${boot.boot0.pinWhile.value}; an empty flash starts the bootloader by itself.`,
    );
}

export function announceEvent(to: Printer, board: Board, event: ChipEvent): void {
  const { number, runs } = board;
  const say = (text: string) => to.lines(`chip ${number}: ${text}`);
  switch (event.kind) {
    case 'started':
      to.event({ event: 'started', number, cause: event.cause, from: event.from });
      break;
    case 'no-firmware':
      to.event({ event: 'no-firmware', number, address: event.address });
      break;
    case 'application-booted':
      to.event({ event: 'application-booted', number, address: event.address, mapping: event.mapping });
      say(
        `${runs === 'nothing' ? 'the firmware' : runs} started the application at 0x${event.address.toString(16)}`,
      );
      break;
    case 'power-lost':
      to.event({ event: 'power-lost', number, operations: event.operations, cut: event.cut });
      if (event.cut !== undefined)
        say(
          `power was cut ${event.cut.moment === 'torn' ? 'in the middle of' : event.cut.moment} operation ${event.cut.operation}`,
        );
      break;
    case 'crashed': {
      const reason = event.error instanceof Error ? event.error.message : String(event.error);
      to.event({ event: 'crashed', number, reason });
      say(`the firmware stopped with an error: ${reason}`);
    }
  }
}

export function announceState(to: Printer, view: ChipView): void {
  to.event({ event: 'state', ...view });
  const cut = view.cut === undefined ? '' : `, cut ${view.cut.moment} at ${view.cut.operation}`;
  to.lines(
    `chip ${view.number}: ${view.chip} ${view.uniqueId}, ${view.powered ? `on, runs ${view.runs}` : 'off'}, readout level ${view.readoutLevel}`,
    `    BOOT0 ${view.boot0High ? 'high' : 'low'}, ${view.operations} operations${cut}, ${view.simulatedMs} ms simulated`,
    `    ${view.map.join(' ')}`,
    `    ${mapLegend}`,
  );
}

/** A control that could not be done: the program goes on. */
export function announceFault(to: Printer, fault: Fault): void {
  to.event({ event: 'control-refused', code: fault.code, sentence: fault.message, remedy: fault.remedy });
  to.lines(`${faultLabel(fault.code)} ${fault.code}: ${fault.message}`, `  What to do: ${fault.remedy}`);
}

// Cells of the UART ROM bootloader: every command of AN3155 that a chip offers, each on a chip of its own.

import type { ReadoutLevel } from '@firmseal/chips';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { AccessCell } from './access-cell.ts';
import { keepsContent, romChip } from './rom-chip.ts';

const ack = 0x79;
const nack = 0x1f;

const bigEndian = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
const closed = (...bytes: number[]): number[] => [...bytes, bytes.reduce((sum, byte) => sum ^ byte, 0)];

interface Attempt {
  readonly action: string;
  /** Sent one after the other, each after an ACK. */
  readonly frames: readonly (readonly number[])[];
}

function attempts({ chip }: VirtualChip): Attempt[] {
  const flash = closed(...bigEndian(chip.flash.addressStart));
  const ram = chip.ram.find(({ kind }) => kind === 'sram')!;
  const freeRam = closed(...bigEndian(ram.addressStart + ram.length - 256));
  const ownRam = closed(...bigEndian(0x20000000));
  const uid = closed(...bigEndian(chip.identity.uniqueIdAddress));
  const word = closed(3, 0x12, 0x34, 0x56, 0x78);
  const four = [3, 0xfc];
  return [
    { action: 'get', frames: [[0x00, 0xff]] },
    { action: 'get version', frames: [[0x01, 0xfe]] },
    { action: 'get id', frames: [[0x02, 0xfd]] },
    { action: 'read flash', frames: [[0x11, 0xee], flash, four] },
    { action: 'read RAM', frames: [[0x11, 0xee], freeRam, four] },
    { action: 'read unique id', frames: [[0x11, 0xee], uid, four] },
    { action: 'read outside memory', frames: [[0x11, 0xee], closed(...bigEndian(0x60000000)), four] },
    { action: 'write flash', frames: [[0x31, 0xce], flash, word] },
    { action: 'write RAM', frames: [[0x31, 0xce], freeRam, word] },
    { action: 'write RAM of the bootloader', frames: [[0x31, 0xce], ownRam, word] },
    { action: 'write system memory', frames: [[0x31, 0xce], uid, word] },
    { action: 'erase unit', frames: [[0x44, 0xbb], closed(0, 0, 0, 0)] },
    { action: 'mass erase', frames: [[0x44, 0xbb], closed(0xff, 0xff)] },
    { action: 'go', frames: [[0x21, 0xde], flash] },
    { action: 'write protect', frames: [[0x63, 0x9c], closed(0, 0)] },
    { action: 'write unprotect', frames: [[0x73, 0x8c]] },
    { action: 'readout protect', frames: [[0x82, 0x7d]] },
    { action: 'readout unprotect', frames: [[0x92, 0x6d]] },
  ];
}

function talk(chip: VirtualChip, frame: readonly number[]): number[] {
  const answer: number[] = [];
  chip.onLink = (bytes) => {
    for (const byte of bytes) answer.push(byte);
  };
  chip.receive(Uint8Array.from(frame));
  return answer;
}

function attempt(chip: VirtualChip, frames: Attempt['frames']): Pick<AccessCell, 'outcome' | 'answer'> {
  for (const [i, frame] of [[0x7f], ...frames].entries()) {
    const [first] = talk(chip, frame);
    if (first === undefined) return { outcome: 'no-answer', answer: i === 0 ? 'no bootloader' : 'silence' };
    if (first === nack) return { outcome: 'refused', answer: 'NACK' };
    if (first !== ack) throw new Error(`answered ${first}`);
  }
  return { outcome: 'done', answer: 'ACK' };
}

export function uartRomAccess(id: string, level: ReadoutLevel): AccessCell[] {
  return attempts(romChip(id, level)).map(({ action, frames }) => {
    const chip = romChip(id, level);
    const result = attempt(chip, frames);
    return {
      ...{ chip: id, door: 'uart-rom' as const, level, action, ...result },
      ...{ levelAfter: chip.judge.readoutLevel, contentKept: keepsContent(chip) },
    };
  });
}

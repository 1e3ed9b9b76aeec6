// What was installed where: one unit, one event, one line.

import type { UnitView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Face } from './face.ts';
import { showTime } from './times.ts';

/** `readout level 2`, or the words that a receipt says of its weakness. */
export const protectionText = (level: number, outcome: string, fresh: boolean): string =>
  `readout level ${level}${outcome === 'PASS' ? '' : `, ${outcome}`}${fresh ? '' : ', NOT FRESH'}`;

/** `PASS 3, UNPROTECTED 1, `: receipts by what the install is called. */
export const outcomesText = (outcomes: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(outcomes)
    .map(([name, count]) => `${name} ${count}, `)
    .join('');

export function tellUnit(face: Face, view: UnitView): void {
  const { unitIndex, chip, licenses, install, voided } = view;
  const head = `  unit ${unitIndex}: ${chip} ${toHex(view.thumbprint)}`;
  const state =
    install === undefined
      ? `not proven to be installed, ${licenses} licenses`
      : `version ${install.firmwareVersion}, ${showTime(install.storedAtMs)}, ` +
        `${protectionText(install.readoutLevel, install.outcome, install.fresh)}, receipt ${toHex(install.receiptDigest)}`;
  const end = voided === undefined ? '' : `; VOIDED ${showTime(voided.atMs)}: ${voided.reason}`;
  face.tell({ event: 'unit', ...view }, `${head}, ${state}${end}`);
}

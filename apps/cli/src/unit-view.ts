// What was installed where: one unit, one event, one line.

import type { UnitView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Face } from './face.ts';
import { showTime } from './times.ts';

export interface ProvenState {
  readonly readoutLevel: number;
  readonly origin: { readonly kind: string; readonly rehearsal: boolean };
  readonly outcome: string;
  readonly fresh: boolean;
}

/** `PASS, readout level 2, identity witnessed`: what an install is called, and why. */
export const provenText = ({ readoutLevel, origin, outcome, fresh }: ProvenState): string =>
  `${outcome}${fresh ? '' : ', NOT FRESH'}, readout level ${readoutLevel}, ` +
  `identity ${origin.kind}${origin.rehearsal ? ' in a rehearsal' : ''}`;

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
        `${provenText(install)}, receipt ${toHex(install.receiptDigest)}`;
  const end = voided === undefined ? '' : `; VOIDED ${showTime(voided.atMs)}: ${voided.reason}`;
  face.tell({ event: 'unit', ...view }, `${head}, ${state}${end}`);
}

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

export interface StatedState {
  readonly result: string;
  readonly cause?: string | undefined;
  readonly station: string;
  readonly method: string;
  readonly access?: string | undefined;
  readonly readoutLevel?: number | undefined;
}

const accessTexts: Readonly<Record<string, string>> = {
  open: 'memory readable',
  refused: 'memory refuses to be read',
  silent: 'chip silent',
};

/** `DONE-UNPROVEN, said by station bench-1, readout level 1, memory refuses to be read`. */
export function statedText({ result, cause, station, method, access, readoutLevel }: StatedState): string {
  const by = method === 'vendor-installer' ? " with ST's installer" : '';
  return [
    `${result}${cause === undefined ? '' : ` (${cause})`}, said by station ${station}${by}`,
    ...(readoutLevel === undefined ? [] : [`readout level ${readoutLevel}`]),
    ...(access === undefined ? [] : [accessTexts[access] ?? access]),
  ].join(', ');
}

/** `, SBOM 5b5b...`: nothing for a package that names none. */
const sbomText = ({ sbomDigest }: { readonly sbomDigest?: Uint8Array | undefined }): string =>
  sbomDigest === undefined ? '' : `, SBOM ${toHex(sbomDigest)}`;

export function tellUnit(face: Face, view: UnitView): void {
  const { unitIndex, chip, licenses, install, stated, voided } = view;
  const head = `  unit ${unitIndex}: ${chip} ${toHex(view.thumbprint)}`;
  const said =
    stated === undefined
      ? ''
      : `; ${statedText(stated)}, ${stated.firmwareVersion === undefined ? '' : `version ${stated.firmwareVersion}, `}${showTime(stated.storedAtMs)}`;
  const state =
    install === undefined
      ? `not proven to be installed, ${licenses} licenses`
      : `version ${install.firmwareVersion}, ${showTime(install.storedAtMs)}, ` +
        `${provenText(install)}, receipt ${toHex(install.receiptDigest)}${sbomText(install)}`;
  const end = voided === undefined ? '' : `; VOIDED ${showTime(voided.atMs)}: ${voided.reason}`;
  face.tell({ event: 'unit', ...view }, `${head}, ${state}${said}${end}`);
}

// The state that a chip must be in after an install: what the option-byte file of the image sets, and what
// the command line adds. The state of the life comes first, because without it nothing is decided.

import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { type ExpectedState, meanOptions, readOptionFile, type SfiFamily } from '@firmseal/sfi';
import { readText } from '../files.ts';
import { toNumber } from '../options.ts';

function collectExpected(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [, name, digits = ''] = /^(\w{2,24})=(.+)$/.exec(text) ?? [];
  const value = toNumber(digits, { most: 0xffff_ffff });
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('It must be NAME=NUMBER, as PRODUCT_STATE=0x72.');
  return { ...before, [name]: value };
}

export const optionBytesOption = () =>
  new Option('--option-bytes <file>', 'the option-byte file (CSV) that the image was built with');

export const expectOption = () =>
  new Option(
    '--expect <name=value>',
    'option byte that the chip must show afterwards, as PRODUCT_STATE=0x72 (repeat)',
  ).argParser(collectExpected);

/** Of the file, those that say what the installer set and that ST's tool prints under the same name. */
const told = ['TZEN', 'BOOT_UBE', 'SECURITY'];

function fromFile(path: string, family: SfiFamily): Record<string, number> {
  const { registers } = meanOptions(readOptionFile(readText(path)), family);
  const fields = registers.flatMap((register) => register.fields);
  const wanted = [family.stateField, ...told];
  return Object.fromEntries(
    wanted.flatMap((name) => {
      const field = fields.find((one) => one.name === name);
      return field === undefined ? [] : [[name, field.value]];
    }),
  );
}

/** Throws `sfi-expectation-missing` where neither says the state of the life, and `option-file-invalid`. */
export function expectedState(
  family: SfiFamily,
  {
    optionBytes,
    expect = {},
  }: { optionBytes?: string | undefined; expect?: Record<string, number> | undefined },
): ExpectedState {
  const all = { ...(optionBytes === undefined ? {} : fromFile(optionBytes, family)), ...expect };
  const state = all[family.stateField];
  if (state === undefined) throw new Fault('sfi-expectation-missing');
  // The installer turns TrustZone on whatever the file says.
  if (family.turnsTrustZoneOn && expect['TZEN'] === undefined) delete all['TZEN'];
  return { [family.stateField]: state, ...all };
}

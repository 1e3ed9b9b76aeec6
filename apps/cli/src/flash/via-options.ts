// Options that the commands of `firmseal flash` share.

import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { type Chip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type OptionSetting, readOptionSetting } from '@firmseal/programming';
import { collect, toNumber } from '../options.ts';

export const viaOption = () =>
  new Option(
    '--via <place>',
    'way to the chip: serial:PORT or tcp:HOST:PORT (UART bootloader), usb:SOCKET (DFU), probe:SOCKET, ' +
      'openocd:HOST:PORT, virtual:HOST:PORT',
  ).makeOptionMandatory();

export const dryRunOption = () => new Option('--dry-run', 'say what would happen and change nothing');

export const permanentOption = () =>
  new Option('--confirm-permanent', 'do what can never be taken back; --dry-run names it');

/** Throws `erase-unconfirmed` for what erases the whole chip and was not confirmed. */
export function requireEraseConsent(confirmed: true | undefined): void {
  if (confirmed !== true) throw new Fault('erase-unconfirmed');
}

export const confirmEraseOption = () => new Option('--confirm-erase', 'erase the whole flash of the chip');

export const setOption = () =>
  new Option('--set <name=value>', 'option byte and its value, as RDP=0xBB (repeat)').argParser(collect);

/** Throws `option-setting-malformed`, `option-field-unknown`. */
export const settingsOf = (chip: Chip, texts: readonly string[] = []): OptionSetting[] =>
  texts.map((text) => readOptionSetting(chip, text));

function size(text: string): number {
  const value = toNumber(text, { least: 1 });
  if (value === undefined) throw new InvalidArgumentError('It must be a number of bytes.');
  return value;
}

export const fromOption = () =>
  new Option('--from <address>', 'first address; default: the start of the flash').argParser(
    (text: string): number => {
      const value = toNumber(text, { most: 0xffff_ffff });
      if (value === undefined) throw new InvalidArgumentError('It must be an address.');
      return value;
    },
  );

export const lengthOption = () =>
  new Option('--length <bytes>', 'how many bytes; default: to the end of the flash').argParser(size);

/** The range of both options. Throws `address-not-in-flash` for a start outside where no length was given. */
export function rangeOf(
  chip: Chip,
  { from = chip.flash.addressStart, length }: { from?: number | undefined; length?: number | undefined },
): { addressStart: number; length: number } {
  const end = chip.flash.addressStart + chip.flash.sizeBytes;
  if (length === undefined && (from < chip.flash.addressStart || from >= end))
    throw new Fault('address-not-in-flash', {
      chip: chip.id,
      first: hexAddress(from),
      last: hexAddress(from),
    });
  return { addressStart: from, length: length ?? end - from };
}

// The guest as suites find it: there, or the reason to leave them out; and whether
// all of them were asked for.

import { type Guest, guestHere } from './guest.ts';

const here = guestHere();

/** Undefined when no guest can run here: `lackOfGuest` says why. */
export const guest: Guest | undefined = 'lacks' in here ? undefined : here;

/** Why tests in the guest are left out; undefined where they run. */
export const lackOfGuest: string | undefined =
  'lacks' in here ? `no USB test machine, for want of ${here.lacks}` : undefined;

/** `npm run lab -- usb-vm` runs all; the tests of the whole tree a sample. */
export const isWhole: boolean = process.env['FIRMSEAL_USB_VM'] === 'whole';

/** Why a test that takes a machine of its own is left out; undefined in `npm run lab -- usb-vm`. */
export const onlyInWhole: string | undefined =
  lackOfGuest ?? (isWhole ? undefined : 'a machine of its own: only in npm run lab -- usb-vm');

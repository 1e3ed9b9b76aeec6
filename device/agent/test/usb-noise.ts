// Control requests of a hostile host, at random: near the ones that mean something, with pieces of a sound
// file at any place and of any length. A sound file is never whole: its last record never comes in its turn.

import type { SeededRandom } from '@firmseal/virtual-stm32';
import type { UsbHost } from './usb-host.ts';

export type HostileRequest = (usb: UsbHost) => Promise<unknown>;

/** The next request. */
export function hostileRequest(random: SeededRandom, file: Uint8Array): HostileRequest {
  const below = (limit: number) => random.below(Math.max(1, limit));
  const pick = <T>(...choices: readonly T[]): T => choices[below(choices.length)]!;
  const start = below(file.length);
  const data = pick(
    file.slice(start, start + below(1100)),
    file.slice(0, below(1025)),
    new Uint8Array(below(64)).map(() => below(256)),
    new Uint8Array(0),
  );
  const value = pick(0, 1, 2, below(0x10000));
  return pick<HostileRequest>(
    (usb) => usb.download(data),
    (usb) => usb.download(data),
    (usb) => usb.status(),
    (usb) => usb.status(),
    (usb) => usb.upload(below(1200)),
    (usb) => usb.clearStatus(),
    (usb) => usb.abort(),
    (usb) => usb.state(),
    (usb) =>
      usb.out(
        pick(0x00, 0x01, 0x21, 0x40, 0x41),
        hostileCode(below(16)),
        value,
        pick(data, new Uint8Array(0)),
      ),
    (usb) =>
      usb.in(pick(0x80, 0x81, 0xa1, 0xc0, 0xc1), below(16), value, { index: below(9), length: below(1200) }),
    (usb) => usb.fault(),
  );
}

/** SET_ADDRESS is the host controller's own, not a program's: another code stands for it. */
const hostileCode = (code: number): number => (code === 5 ? 6 : code);

// Control requests at random, from a seed, on the agent's USB: it never traps, never installs, and takes a
// sound package afterwards. The random requests keep near the ones that mean something.

import { concatBytes } from '@firmseal/bytes';
import { attachLicense } from '@firmseal/seal';
import { SeededRandom } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { personalizedLine } from './line.ts';
import { makeLicense, makePackage } from './trusted-site.ts';
import { dfuState, Stalled, UsbHost } from './usb-host.ts';

const steps = 3000;

describe.each(['one', 'two', 'three'])('seed %s', (seed) => {
  it('takes any requests, and a package after them', async () => {
    const line = await personalizedLine('stm32f427', 1);
    line.hello();
    const sealed = await makePackage('stm32f427');
    const { bundle } = await makeLicense(sealed, line.device!);
    const file = concatBytes(...attachLicense(sealed.file, bundle));
    const events: string[] = [];
    const before = line.chip.onEvent;
    line.chip.onEvent = (event) => {
      events.push(event.kind);
      before(event);
    };
    const usb = new UsbHost(line.chip);
    await usb.open();
    const random = new SeededRandom(`usb fuzz ${seed}`);
    const below = (limit: number) => random.below(Math.max(1, limit));
    const pick = <T>(...choices: readonly T[]): T => choices[below(choices.length)]!;
    let stalls = 0;
    for (let i = 0; i < steps; i++) {
      // Pieces of a sound file, at any place and of any length, besides noise: the last
      // record never in its turn.
      const start = below(file.length);
      const data = pick(
        file.slice(start, start + below(1100)),
        file.slice(0, below(1025)),
        new Uint8Array(below(64)).map(() => below(256)),
        new Uint8Array(0),
      );
      const value = pick(0, 1, 2, below(0x10000));
      const ask = pick<() => Promise<unknown>>(
        () => usb.download(data),
        () => usb.download(data),
        () => usb.status(),
        () => usb.status(),
        () => usb.upload(below(1200)),
        () => usb.clearStatus(),
        () => usb.abort(),
        () => usb.state(),
        () => usb.out(pick(0x00, 0x01, 0x21, 0x40, 0x41), below(16), value, pick(data, new Uint8Array(0))),
        () =>
          usb.in(pick(0x80, 0x81, 0xa1, 0xc0, 0xc1), below(16), value, {
            index: below(9),
            length: below(1200),
          }),
        () => usb.fault(),
      );
      try {
        await ask();
      } catch (error) {
        if (!(error instanceof Stalled)) throw error;
        stalls++;
      }
    }
    expect(stalls).toBeGreaterThan(steps / 20);
    expect(events).toEqual([]);
    expect(line.chip.running).toBe(true);
    await usb.open();
    expect(await usb.send(file)).toMatchObject({ status: 0, state: dfuState.downloadIdle });
    expect((await usb.finish()).state).toBe(dfuState.waitReset);
    expect(line.chip.bootedApplication).toBeDefined();
  });
});

// Control requests at random, from a seed, on the agent's USB: it never traps, never installs, and takes a
// sound package afterwards. Machine code gets more of them: `npm run lab -- hostile-usb`.

import { concatBytes } from '@firmseal/bytes';
import { attachLicense } from '@firmseal/seal';
import { SeededRandom } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { personalizedLine } from './line.ts';
import { makeLicense, makePackage } from './trusted-site.ts';
import { dfuState, Stalled, UsbHost } from './usb-host.ts';
import { hostileRequest } from './usb-noise.ts';

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
    let stalls = 0;
    for (let i = 0; i < steps; i++) {
      try {
        await hostileRequest(random, file)(usb);
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

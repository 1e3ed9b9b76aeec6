// Boots that must end with the agent waiting, after a power cut, or after an attacker wrote to flash.

import { requestTypes } from '@firmseal/link';
import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import type { Scenario } from './scenario.ts';
import type { Target } from './target.ts';

interface Starts {
  /** Personalized, and nothing installed yet. */
  readonly fresh: ChipSnapshot;
  readonly installed: ChipSnapshot;
}

export async function boots(target: Target, { fresh, installed }: Starts): Promise<Scenario[]> {
  const { line } = target;
  const scenarios: Scenario[] = [];
  const note = (name: string) =>
    scenarios.push({ name: `boot: ${name}`, from: target.snapshot(true), before: [], after: [] });
  const back = (to: ChipSnapshot) => {
    line.chip.judge.restore(to);
    line.chip.powerOn();
  };
  /** An install of two records that stops after the first, which holds the vector table. */
  const half = async (seed: number) => {
    const next = await target.package({ securityCounter: 6 }, { seed });
    line.request(requestTypes.package, next.headerBytes);
    line.request(requestTypes.license, await target.license(next));
    line.record(0, next.records[0]!);
  };
  const flip = (address: number) => {
    const [byte] = line.chip.judge.flash(address, 1);
    target.alterFlash(address, Uint8Array.of(byte! ^ 1));
  };

  back(installed);
  target.alterRecord();
  note('MAC of the valid record altered');

  // On a chip that had a valid record before, altering the newest one brings the former
  // back: no glitch is needed there.
  back(fresh);
  await half(2);
  note('journal says installing');

  line.chip.setPin('agent-request', true);
  line.chip.powerOn();
  target.forgeInstalled();
  note('installing forged to installed');

  back(installed);
  await half(2);
  note('an update was cut, the record of the former firmware still stands');

  back(installed);
  await line.install(await target.package({ securityCounter: 6, bootCheck: 'digest' }, { seed: 4 }));
  flip(target.slotStart + 0x400);
  note('image altered under boot check 2');

  back(installed);
  await line.install(
    await target.package({ securityCounter: 6, bootCheck: 'digest' }, { seed: 4, repeats: true }),
  );
  flip(target.slotStart + 0x500);
  note('image altered under boot check 2 where it repeats itself');
  return scenarios;
}

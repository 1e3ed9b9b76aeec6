// An install that was cut after the journal had noted its progress, and that goes on over
// flash which was altered since.

import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { licenseRequest, packageRequest, recordRequest } from './requests.ts';
import type { Scenario } from './scenario.ts';
import type { Target } from './target.ts';

/** The image is one chunk longer than the stride at which the journal notes progress. */
const chunkSizeBytes = 2048;

export async function resumed(target: Target, installed: ChipSnapshot): Promise<Scenario[]> {
  const { line } = target;
  const sizeBytes = line.chip.chip.layout.progressStrideBytes + chunkSizeBytes;
  line.chip.judge.restore(installed);
  line.chip.powerOn();
  const sealed = await target.package({ securityCounter: 6, chunkSizeBytes }, { seed: 6, sizeBytes });
  const begun = [packageRequest(sealed.headerBytes), licenseRequest(await target.license(sealed))];
  const records = sealed.records.map((record, index) => recordRequest(index, record));
  for (const { type, body } of [...begun, ...records.slice(0, -1)]) line.request(type, body);
  if (target.word('fs_now', target.code.constants.stateProgressAt) <= target.slotStart)
    throw new Error('no progress was journaled');
  const cut = target.snapshot();
  line.chip.powerOn();
  const whole = (now: Target) => now.state() + now.firmware(sizeBytes);
  const done = target.after([...begun, ...records], () => whole(target));
  line.chip.judge.restore(cut);
  line.chip.powerOn();
  target.alterFlash(target.slotStart + 0x300, Uint8Array.of(0x5a));
  return [
    {
      name: 'record of a resume, flash altered meanwhile',
      from: target.snapshot(),
      before: begun,
      request: records[0]!,
      refusal: 'resume-content-differs',
      after: records.slice(1),
      endsIn: done,
      stateOf: whole,
    },
  ];
}

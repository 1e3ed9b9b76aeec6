// A package that brings an agent whose image a stranger signed: nothing of the package itself is wrong.

import { utf8 } from '@firmseal/bytes';
import { requestTypes } from '@firmseal/link';
import { agentPackage } from '../../device/agent/test/agent-package.ts';
import { forgedAgent } from './anchor-scenarios.ts';
import { licenseRequest, packageRequest, recordRequest } from './requests.ts';
import type { Made } from './scenario.ts';
import type { Target } from './target.ts';

/** The agent signs that an agent was installed. */
function givesReceipt({ line }: Target): boolean {
  try {
    return line.try(requestTypes['agent-receipt'], new Uint8Array(0)).status === 0;
  } catch {
    return false; // it hung
  }
}

export async function agentUpdates(target: Target): Promise<Made[]> {
  const { chip } = target.line.chip;
  const image = await forgedAgent(chip);
  const sealed = await agentPackage(chip.id, { image, counter: 9 });
  const records = sealed.records.map((record, index) => recordRequest(index, record));
  const head = utf8('FSAG');
  return [
    {
      name: 'last record of an agent that a stranger signed',
      before: [
        ...[packageRequest(sealed.headerBytes), licenseRequest(await target.license(sealed))],
        ...records.slice(0, -1),
      ],
      request: records.at(-1)!,
      refusal: 'agent-image-signature-invalid',
      // A head in the slot is not enough: the anchor makes the same check. A receipt would be.
      isBad: ({ line }) =>
        line.chip.judge.flash(chip.layout.agentCopy.addressStart, 4).every((byte, i) => byte === head[i]),
      endsBad: givesReceipt,
    },
  ];
}

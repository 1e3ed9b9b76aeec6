// A license whose option bytes are applied first: the readout level rises, and the
// chip resets before the install.

import { requestTypes } from '@firmseal/link';
import { pattern } from '../../device/agent/test/trusted-site.ts';
import { levelOne as levelOneOf } from './option-bytes.ts';
import { licenseRequest, packageRequest, type Request } from './requests.ts';
import type { Made } from './scenario.ts';
import type { Target } from './target.ts';

/** From the chip as it is, which is on. The agent is asked for a nonce, so the license is good once. */
export async function options(target: Target): Promise<Made[]> {
  const levelOne = levelOneOf(target.line.chip.chip);
  const sealed = await target.package({ securityCounter: 6, optionBytes: [levelOne] }, { seed: 2 });
  const { judge } = target.line.chip;
  const from = target.snapshot();
  const hello: Request = { type: requestTypes.hello, body: pattern(32, 3) };
  // The campaign starts a scenario in the same way, so chance, and with it the nonce, is the same.
  const nonce = target.fromStart(from, () => target.line.hello(hello.body).nonce);
  const bundle = await target.license(sealed, { nonce });
  judge.restore(from);
  const before = new Map(judge.optionsStored);
  const then = ((before.get(levelOne.register)! & ~levelOne.mask) | levelOne.value) >>> 0;
  target.line.chip.powerOn();
  return [
    {
      name: 'license whose option bytes are to be applied first',
      before: [hello, packageRequest(sealed.headerBytes)],
      request: licenseRequest(bundle),
      statusIsNothing: true,
      programs: `${levelOne.register}=${then}`,
      isBad: (now) => {
        const isOther = [...now.line.chip.judge.optionsStored].some(
          ([register, value]) =>
            value !== before.get(register) && !(register === levelOne.register && value === then),
        );
        // Option bytes that a reset loaded are those of the license; what the ring of a reception
        // by DMA still holds can then be taken again, and the same license goes on as it does
        // when a host repeats it.
        const isApplied = now.line.chip.judge.optionsLoaded.get(levelOne.register) === then;
        return isOther || (now.phase() === 'records' && !isApplied);
      },
    },
  ];
}

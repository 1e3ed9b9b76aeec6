// Option bytes of U5 with TrustZone off: the non-secure registers of RM0456 7.9. As L4, at other places.

import { type OptionJob, refuseErrors, unlock } from './option-job.ts';
import { untilClear } from './word-port.ts';

const [key, optionKey, status, control] = [0x08, 0x10, 0x20, 0x28];
const start = 1 << 17;
const [optionsLocked, locked] = [1 << 30, 0x8000_0000];
const busy = 1 << 16;
/** PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, OPTWERR. */
const errors = 0x20f8;

export async function programU5({ port, controller, writes, waiting }: OptionJob): Promise<void> {
  const { registerBase: base, keys, optionKeys } = controller;
  const statusRegister = { address: base + status, mask: busy };
  await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + status, errors);
  if (((await port.readWord(base + control)) & locked) !== 0)
    await unlock(port, { address: base + key, keys });
  if (((await port.readWord(base + control)) & optionsLocked) !== 0)
    await unlock(port, { address: base + optionKey, keys: optionKeys });
  for (const { register, value } of writes) await port.writeWord(register.programAddress, value);
  await port.writeWord(base + control, start);
  refuseErrors(await untilClear(port, statusRegister, waiting), errors);
}

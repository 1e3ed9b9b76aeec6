// Option bytes of L4 and G0: RM0351 3.4.2 and 3.7, RM0444 3.4.2 and 3.7. Two locks; OPTSTRT programs, and the
// caller's launch or reset loads.

import { type OptionJob, refuseErrors, unlock } from './option-job.ts';
import { untilClear } from './word-port.ts';

const [key, optionKey, status, control] = [0x08, 0x0c, 0x10, 0x14];
const start = 1 << 17;
const [optionsLocked, locked] = [1 << 30, 0x8000_0000];
/** BSY of L4; BSY1 and BSY2 of G0. */
const busy = (1 << 16) | (1 << 17);
/** PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, RDERR, OPTVERR. */
const errors = 0xc0f8;

export async function programL4({ port, controller, writes, waiting }: OptionJob): Promise<void> {
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

// Option bytes of F4: RM0090 3.7.2 and 3.9. OPTCR1 first: OPTSTRT in OPTCR starts the programming of both.

import { type OptionJob, refuseErrors, unlock } from './option-job.ts';
import { untilClear } from './word-port.ts';

const [optionKey, status, optionControl] = [0x08, 0x0c, 0x14];
const [locked, start] = [1 << 0, 1 << 1];
const busy = 1 << 16;
/** WRPERR, PGAERR, PGPERR, PGSERR, RDERR. */
const errors = 0x1f0;

export async function programF4({ port, controller, writes, waiting }: OptionJob): Promise<void> {
  const { registerBase: base, optionKeys } = controller;
  const statusRegister = { address: base + status, mask: busy };
  await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + status, errors);
  if (((await port.readWord(base + optionControl)) & locked) !== 0)
    await unlock(port, { address: base + optionKey, keys: optionKeys });
  const isControl = (address: number) => address === base + optionControl;
  for (const { register, value } of writes)
    if (!isControl(register.programAddress)) await port.writeWord(register.programAddress, value);
  const own = writes.find(({ register }) => isControl(register.programAddress))?.value;
  const control = ((own ?? (await port.readWord(base + optionControl))) & ~(locked | start)) >>> 0;
  await port.writeWord(base + optionControl, control);
  await port.writeWord(base + optionControl, (control | start) >>> 0);
  const after = await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + optionControl, (control | locked) >>> 0);
  refuseErrors(after, errors);
}

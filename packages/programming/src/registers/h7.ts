// Option bytes of H7: RM0433 4.9.7 and following. Registers "to be programmed", one start for all of
// them. RDSERR and RDPERR can be set without a reason, so that only the error of the change itself
// counts.

import { type OptionJob, refuseErrors, unlock } from './option-job.ts';
import { untilClear } from './word-port.ts';

const [optionKey, optionControl, optionStatus, optionClear] = [0x08, 0x18, 0x1c, 0x24];
const [locked, start] = [1 << 0, 1 << 1];
const [busy, changeError] = [1 << 0, 1 << 30];

export async function programH7({ port, controller, writes, waiting }: OptionJob): Promise<void> {
  const { registerBase: base, optionKeys } = controller;
  const statusRegister = { address: base + optionStatus, mask: busy };
  await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + optionClear, changeError);
  if (((await port.readWord(base + optionControl)) & locked) !== 0)
    await unlock(port, { address: base + optionKey, keys: optionKeys });
  for (const { register, value } of writes) await port.writeWord(register.programAddress, value);
  await port.writeWord(base + optionControl, start);
  const after = await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + optionControl, locked);
  refuseErrors(after, changeError);
}

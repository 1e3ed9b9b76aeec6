// Option bytes of H5 with TrustZone off: CMSIS header stm32h563xx.h (FLASH_OPTCR, FLASH_SR), RM0481 7.11.
// Registers "to be programmed" as on H7.

import { type OptionJob, refuseErrors, unlock } from './option-job.ts';
import { untilClear } from './word-port.ts';

const [optionKey, optionControl, status, clear] = [0x0c, 0x1c, 0x20, 0x30];
const [locked, start] = [1 << 0, 1 << 1];
const busy = 1 << 0;
const changeError = 1 << 23;

export async function programH5({ port, controller, writes, waiting }: OptionJob): Promise<void> {
  const { registerBase: base, optionKeys } = controller;
  const statusRegister = { address: base + status, mask: busy };
  await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + clear, changeError);
  if (((await port.readWord(base + optionControl)) & locked) !== 0)
    await unlock(port, { address: base + optionKey, keys: optionKeys });
  for (const { register, value } of writes) await port.writeWord(register.programAddress, value);
  await port.writeWord(base + optionControl, start);
  const after = await untilClear(port, statusRegister, waiting);
  await port.writeWord(base + optionControl, locked);
  refuseErrors(after, changeError);
}

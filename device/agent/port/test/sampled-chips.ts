// The ported chips that the suites of the drivers take. In the short run one part of each port, and of F4,
// whose parts share their drivers, two: with two banks and a random generator, and with one bank and none.

import { sampled } from '../../../../tools/test-report/sample.ts';
import { portedChips } from '../../toolchain/targets.ts';

export const sampledChips: readonly string[] = sampled(portedChips(), [
  ...['stm32f427', 'stm32f411'],
  ...['stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'],
]);

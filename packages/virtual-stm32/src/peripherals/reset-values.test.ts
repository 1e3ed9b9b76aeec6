// Registers as after power-on, one by one, as ST's SVD files give them; where those are known to be wrong,
// see docs/virtual-stm32-rules.md, reset-values.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

test.each([
  ['stm32f427', 'FLASH_CR', 0x4002_3c10, 0x8000_0000],
  ['stm32f427', 'FLASH_ACR', 0x4002_3c00, 0],
  ['stm32f427', 'RCC_PLLCFGR', 0x4002_3804, 0x2400_3010],
  ['stm32f427', 'RCC_CR', 0x4002_3800, 0x83],
  ['stm32f427', 'PWR_CR', 0x4000_7000, 0xc000],
  ['stm32h743', 'FLASH_ACR', 0x5200_2000, 0x37],
  ['stm32h743', 'FLASH_CR1', 0x5200_200c, 1],
  ['stm32h743', 'FLASH_OPTCR', 0x5200_2018, 1],
  ['stm32h743', 'RCC_PLLCKSELR', 0x5802_4428, 0x0202_0200],
  ['stm32h743', 'RCC_PLLCFGR', 0x5802_442c, 0x01ff_0000],
  ['stm32h743', 'RCC_PLL1DIVR', 0x5802_4430, 0x0101_0280],
  ['stm32h743', 'PWR_CR1', 0x5802_4800, 0xf000_c000],
  ['stm32g0b1', 'FLASH_ACR', 0x4002_2000, 0x1_0600], // and PROGEMPTY of a blank part
  ['stm32g0b1', 'FLASH_CR', 0x4002_2014, 0xc000_0000],
  ['stm32g0b1', 'RCC_CR', 0x4002_1000, 0x500],
  ['stm32g0b1', 'RCC_PLLCFGR', 0x4002_100c, 0x1000],
  ['stm32g0b1', 'PWR_CR1', 0x4000_7000, 0x208],
  ['stm32l476', 'FLASH_ACR', 0x4002_2000, 0x600],
  ['stm32l476', 'FLASH_CR', 0x4002_2014, 0xc000_0000],
  ['stm32l476', 'RCC_CR', 0x4002_1000, 0x63],
  ['stm32l476', 'RCC_PLLCFGR', 0x4002_100c, 0x1000],
  ['stm32l476', 'PWR_CR1', 0x4000_7000, 0x200],
  ['stm32u575', 'FLASH_ACR', 0x4002_2000, 0],
  ['stm32u575', 'FLASH_NSCR', 0x4002_2028, 0xc000_0000],
  ['stm32u575', 'RCC_CR', 0x4602_0c00, 0x35],
  ['stm32u575', 'RCC_PLL1DIVR', 0x4602_0c34, 0x0101_0280],
  ['stm32u575', 'PWR_VOSR', 0x4602_080c, 0x8000],
  ['stm32h563', 'FLASH_ACR', 0x4002_2000, 0x13],
  ['stm32h563', 'FLASH_NSCR', 0x4002_2028, 1],
  ['stm32h563', 'FLASH_OPTCR', 0x4002_201c, 1],
  ['stm32h563', 'RCC_PLL1DIVR', 0x4402_0c34, 0x0101_0280],
] as const)('%s: %s', (id, _, address, value) => {
  const chip = createVirtualChip({ chip: id, seed: 'reset values' });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  expect(probe.readWord(address)).toBe(value);
});

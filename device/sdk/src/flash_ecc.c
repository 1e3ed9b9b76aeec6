/* SPDX-License-Identifier: MIT-0 */
/*
 * The flash controllers of STM32G0 (RM0444 3.3, 3.7) and STM32U5 without TrustZone (RM0456 7.3, 7.9), L4
 * alike: words of 64 or 128 bits under an error correcting code, each programmed once, pages of one size.
 */
#include "flash_controller.h"

firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count) {
  uint32_t i;
  if (!controller_unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = CR_PROGRAM;
  for (i = 0; i < count; i++) FIRMSEAL_REGISTER(address + 4u * i) = words[i];
  __asm__ volatile("dsb" ::: "memory");
  return controller_end();
}

firmseal_result firmseal_controller_erase(const firmseal_unit *unit) {
  uint32_t page = CR_ERASE | unit->code << 3 | (unit->bank == 2u ? FIRMSEAL_FLASH_CR_BANK_2 : 0u);
  if (!controller_unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = page;
  CR = page | CR_START;
  __asm__ volatile("dsb" ::: "memory");
  return controller_end();
}

/* SPDX-License-Identifier: MIT-0 */
/*
 * The flash controller of STM32F4: RM0090 3.6 (erase and program), 3.9 (registers). Words of 32 bits, for a
 * supply of 2.7 V and more. Bank 2's sectors count from 16 (SNB). The application runs from this flash, so
 * the processor stands still while it works on the same bank.
 */
#include "flash_controller.h"

#define ACR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + 0x00u)
#define ACR_DATA_CACHE (1u << 10)
#define ACR_DATA_RESET (1u << 12)
#define CR_BY_32 (2u << 8)

/* Lines of the data cache may hold what stood there before (RM0090 3.5.2). */
static firmseal_result finish(void) {
  firmseal_result result = controller_end();
  if (ACR & ACR_DATA_CACHE) {
    ACR &= ~ACR_DATA_CACHE;
    ACR |= ACR_DATA_RESET;
    ACR &= ~ACR_DATA_RESET;
    ACR |= ACR_DATA_CACHE;
  }
  return result;
}

firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count) {
  uint32_t i;
  if (!controller_unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = CR_BY_32 | CR_PROGRAM;
  for (i = 0; i < count; i++) {
    FIRMSEAL_REGISTER(address + 4u * i) = words[i];
    __asm__ volatile("dsb" ::: "memory");
    if (!controller_wait()) break;
  }
  return finish();
}

firmseal_result firmseal_controller_erase(const firmseal_unit *unit) {
  if (!controller_unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = CR_BY_32 | CR_ERASE | unit->code << 3;
  CR |= CR_START;
  __asm__ volatile("dsb" ::: "memory");
  return finish();
}

/* SPDX-License-Identifier: MIT-0 */
/*
 * The flash controller of STM32F4: RM0090 3.6 (erase and program), 3.9 (registers). Words of 32 bits, for a
 * supply of 2.7 V and more. Bank 2's sectors count from 16 (SNB). The application runs from this flash, so
 * the processor stands still while it works on the same bank.
 */
#include "firmseal_flash.h"

#define ACR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + 0x00u)
#define KEYR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + 0x04u)
#define SR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + 0x0Cu)
#define CR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + 0x10u)

#define ACR_DATA_CACHE (1u << 10)
#define ACR_DATA_RESET (1u << 12)
#define SR_BUSY (1u << 16)
#define SR_ERRORS 0x000001F2u
#define SR_DONE 1u
#define CR_PROGRAM (1u << 0)
#define CR_ERASE (1u << 1)
#define CR_BY_32 (2u << 8)
#define CR_START (1u << 16)
#define CR_LOCK (1u << 31)
/* Longer than the slowest erase, 4 s, at 180 MHz and three instructions a turn. */
#define TURNS 400000000u

static int wait(void) {
  uint32_t turns;
  for (turns = 0; turns < TURNS; turns++)
    if ((SR & SR_BUSY) == 0) return 1;
  return 0;
}

static int unlock(void) {
  if (!wait()) return 0;
  if (CR & CR_LOCK) {
    KEYR = 0x45670123u;
    KEYR = 0xCDEF89ABu;
  }
  SR = SR_ERRORS | SR_DONE;
  return (CR & CR_LOCK) == 0;
}

/* Lines of the data cache may hold what stood there before (RM0090 3.5.2). */
static firmseal_result finish(void) {
  int done = wait();
  uint32_t errors = SR & SR_ERRORS;
  CR = CR_LOCK;
  if (ACR & ACR_DATA_CACHE) {
    ACR &= ~ACR_DATA_CACHE;
    ACR |= ACR_DATA_RESET;
    ACR &= ~ACR_DATA_RESET;
    ACR |= ACR_DATA_CACHE;
  }
  return done && errors == 0 ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}

firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count) {
  uint32_t i;
  if (!unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = CR_BY_32 | CR_PROGRAM;
  for (i = 0; i < count; i++) {
    FIRMSEAL_REGISTER(address + 4u * i) = words[i];
    __asm__ volatile("dsb" ::: "memory");
    if (!wait()) break;
  }
  return finish();
}

firmseal_result firmseal_controller_erase(const firmseal_unit *unit) {
  if (!unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = CR_BY_32 | CR_ERASE | unit->code << 3;
  CR |= CR_START;
  __asm__ volatile("dsb" ::: "memory");
  return finish();
}

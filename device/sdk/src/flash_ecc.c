/* SPDX-License-Identifier: MIT-0 */
/*
 * The flash controllers of STM32G0 (RM0444 3.3, 3.7) and STM32U5 without TrustZone (RM0456 7.3, 7.9), L4
 * alike: words of 64 or 128 bits under an error correcting code, each programmed once, pages of one size.
 */
#include "firmseal_flash.h"

#define KEYR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + FIRMSEAL_FLASH_KEYR)
#define SR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + FIRMSEAL_FLASH_SR)
#define CR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + FIRMSEAL_FLASH_CR)

#define SR_DONE 1u
#define CR_PROGRAM (1u << 0)
#define CR_ERASE (1u << 1)
#define CR_START (1u << 16)
#define CR_LOCK (1u << 31)
/* Longer than the slowest erase of a page, 40 ms, at 160 MHz and three instructions a turn. */
#define TURNS 10000000u

static int wait(void) {
  uint32_t turns;
  for (turns = 0; turns < TURNS; turns++)
    if ((SR & FIRMSEAL_FLASH_SR_BUSY) == 0) return 1;
  return 0;
}

static int unlock(void) {
  if (!wait()) return 0;
  if (CR & CR_LOCK) {
    KEYR = 0x45670123u;
    KEYR = 0xCDEF89ABu;
  }
  SR = FIRMSEAL_FLASH_SR_ERRORS | SR_DONE;
  return (CR & CR_LOCK) == 0;
}

static firmseal_result finish(void) {
  int done = wait();
  uint32_t errors = SR & FIRMSEAL_FLASH_SR_ERRORS;
  CR = CR_LOCK;
  return done && errors == 0 ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}

firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count) {
  uint32_t i;
  if (!unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = CR_PROGRAM;
  for (i = 0; i < count; i++) FIRMSEAL_REGISTER(address + 4u * i) = words[i];
  __asm__ volatile("dsb" ::: "memory");
  return finish();
}

firmseal_result firmseal_controller_erase(const firmseal_unit *unit) {
  uint32_t page = CR_ERASE | unit->code << 3 | (unit->bank == 2u ? FIRMSEAL_FLASH_CR_BANK_2 : 0u);
  if (!unlock()) return FIRMSEAL_FLASH_FAILED;
  CR = page;
  CR = page | CR_START;
  __asm__ volatile("dsb" ::: "memory");
  return finish();
}

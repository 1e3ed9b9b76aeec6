/* SPDX-License-Identifier: MIT-0 */
/*
 * The flash controller of STM32H743: RM0433 4.3 (operations), 4.9 (registers). Two banks with a set of
 * registers each; words of 256 bits under an error correcting code, each programmed once. An application that
 * turned the data cache on keeps flash uncached, or invalidates the lines after each call.
 */
#include "firmseal_flash.h"

#define KEYR(bank) FIRMSEAL_REGISTER((bank) + 0x04u)
#define CR(bank) FIRMSEAL_REGISTER((bank) + 0x0Cu)
#define SR(bank) FIRMSEAL_REGISTER((bank) + 0x10u)
#define CCR(bank) FIRMSEAL_REGISTER((bank) + 0x14u)

#define CR_LOCK (1u << 0)
#define CR_PROGRAM (1u << 1)
#define CR_ERASE (1u << 2)
#define CR_BY_64 (3u << 4)
#define CR_START (1u << 7)
#define SR_AT_WORK 7u
#define SR_ERRORS 0x006E0000u
#define CCR_ALL 0x1FEF0000u
/* Longer than the slowest erase, 4 s, at 480 MHz and three instructions a turn. */
#define TURNS 800000000u

static uint32_t registers_of(uint32_t bank) { return FIRMSEAL_FLASH + (bank == 2u ? 0x100u : 0u); }

static int wait(uint32_t bank) {
  uint32_t turns;
  for (turns = 0; turns < TURNS; turns++)
    if ((SR(bank) & SR_AT_WORK) == 0) return 1;
  return 0;
}

static int unlock(uint32_t bank) {
  if (!wait(bank)) return 0;
  if (CR(bank) & CR_LOCK) {
    KEYR(bank) = 0x45670123u;
    KEYR(bank) = 0xCDEF89ABu;
  }
  CCR(bank) = CCR_ALL;
  return (CR(bank) & CR_LOCK) == 0;
}

static firmseal_result finish(uint32_t bank) {
  int done = wait(bank);
  uint32_t errors = SR(bank) & SR_ERRORS;
  CR(bank) = CR_LOCK;
  return done && errors == 0 ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}

firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count) {
  firmseal_unit unit;
  uint32_t bank, i;
  if (firmseal_unit_of(address, &unit) != FIRMSEAL_OK) return FIRMSEAL_NO_PLACE;
  bank = registers_of(unit.bank);
  if (!unlock(bank)) return FIRMSEAL_FLASH_FAILED;
  CR(bank) = CR_BY_64 | CR_PROGRAM;
  __asm__ volatile("dsb" ::: "memory");
  for (i = 0; i < count; i++) FIRMSEAL_REGISTER(address + 4u * i) = words[i];
  __asm__ volatile("dsb" ::: "memory");
  return finish(bank);
}

firmseal_result firmseal_controller_erase(const firmseal_unit *unit) {
  uint32_t bank = registers_of(unit->bank);
  if (!unlock(bank)) return FIRMSEAL_FLASH_FAILED;
  CR(bank) = CR_BY_64 | CR_ERASE | unit->code << 8;
  CR(bank) |= CR_START;
  __asm__ volatile("dsb" ::: "memory");
  return finish(bank);
}

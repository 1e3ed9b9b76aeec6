/* SPDX-License-Identifier: MIT-0 */
/*
 * Steps that the flash controllers of STM32F4, G0, L4 and U5 have in common: wait, unlock, end. Places and
 * masks of their registers are in firmseal_registers.h of the chip. For one driver file a build.
 */
#ifndef FIRMSEAL_FLASH_CONTROLLER_H
#define FIRMSEAL_FLASH_CONTROLLER_H

#include "firmseal_flash.h"

#define KEYR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + FIRMSEAL_FLASH_KEYR)
#define SR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + FIRMSEAL_FLASH_SR)
#define CR FIRMSEAL_REGISTER(FIRMSEAL_FLASH + FIRMSEAL_FLASH_CR)

#define SR_DONE 1u
#define CR_PROGRAM (1u << 0)
#define CR_ERASE (1u << 1)
#define CR_START (1u << 16)
#define CR_LOCK (1u << 31)

/* 1 when the controller rests; 0 when it works longer than its slowest erase. */
static int controller_wait(void) {
  uint32_t turns;
  for (turns = 0; turns < FIRMSEAL_FLASH_TURNS; turns++)
    if ((SR & FIRMSEAL_FLASH_SR_BUSY) == 0) return 1;
  return 0;
}

/* 1 when CR can be written, with no error left from before. */
static int controller_unlock(void) {
  if (!controller_wait()) return 0;
  if (CR & CR_LOCK) {
    KEYR = 0x45670123u;
    KEYR = 0xCDEF89ABu;
  }
  SR = FIRMSEAL_FLASH_SR_ERRORS | SR_DONE;
  return (CR & CR_LOCK) == 0;
}

/* Waits for the end and locks. FIRMSEAL_FLASH_FAILED. */
static firmseal_result controller_end(void) {
  int done = controller_wait();
  uint32_t errors = SR & FIRMSEAL_FLASH_SR_ERRORS;
  CR = CR_LOCK;
  return done && errors == 0 ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}

#endif

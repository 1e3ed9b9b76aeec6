/* SPDX-License-Identifier: MIT-0 */
/* STM32F427 and alike: bases by RM0090 table 1, backup registers by 5.4.1 and 26.6.20. */
#ifndef FIRMSEAL_REGISTERS_H
#define FIRMSEAL_REGISTERS_H

#include <stdint.h>

#define FIRMSEAL_FLASH 0x40023C00u
#define FIRMSEAL_WATCHDOG 0x40003000u
#define FIRMSEAL_REQUEST_REGISTER 0x40002850u /* RTC_BKP0R */

/* RM0090 3.9. */
#define FIRMSEAL_FLASH_KEYR 0x04u
#define FIRMSEAL_FLASH_SR 0x0Cu
#define FIRMSEAL_FLASH_CR 0x10u
#define FIRMSEAL_FLASH_SR_BUSY (1u << 16)
#define FIRMSEAL_FLASH_SR_ERRORS 0x000001F2u
/* Longer than the slowest erase, 4 s, at 180 MHz and three instructions a turn. */
#define FIRMSEAL_FLASH_TURNS 400000000u

/* RCC_APB1ENR.PWREN, then PWR_CR.DBP. */
static inline void firmseal_backup_open(void) {
  volatile uint32_t *clocks = (volatile uint32_t *)0x40023840u;
  *clocks |= 1u << 28;
  (void)*clocks;
  *(volatile uint32_t *)0x40007000u |= 1u << 8;
}

/* SYSCFG_MEMRMP.FB_MODE (RM0090 9.2.1): the agent sets it for an image linked at the start of flash.
 * The clock of SYSCFG is on then. */
#define FIRMSEAL_BANK_BYTES 0x00100000u
static inline int firmseal_banks_exchanged(void) {
  return (*(volatile uint32_t *)0x40023844u >> 14 & 1u) != 0 && (*(volatile uint32_t *)0x40013800u >> 8 & 1u) != 0;
}

#endif

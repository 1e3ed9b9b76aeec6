/* SPDX-License-Identifier: MIT-0 */
/* STM32L476 and alike: bases by RM0351 table 1, flash by 3.7, backup registers by 5.4.1 and 38.6. */
#ifndef FIRMSEAL_REGISTERS_H
#define FIRMSEAL_REGISTERS_H

#include <stdint.h>

#define FIRMSEAL_FLASH 0x40022000u
#define FIRMSEAL_WATCHDOG 0x40003000u
#define FIRMSEAL_REQUEST_REGISTER 0x40002850u /* RTC_BKP0R */

#define FIRMSEAL_FLASH_KEYR 0x08u
#define FIRMSEAL_FLASH_SR 0x10u
#define FIRMSEAL_FLASH_CR 0x14u
#define FIRMSEAL_FLASH_SR_BUSY 0x00010000u
#define FIRMSEAL_FLASH_SR_ERRORS 0x0000C3FAu
#define FIRMSEAL_FLASH_CR_BANK_2 (1u << 11)
/* Longer than the slowest erase of a page, 25 ms, at 80 MHz and three instructions a turn. */
#define FIRMSEAL_FLASH_TURNS 10000000u

/* RCC_APB1ENR1.PWREN, then PWR_CR1.DBP. */
static inline void firmseal_backup_open(void) {
  volatile uint32_t *clocks = (volatile uint32_t *)0x40021058u;
  *clocks |= 1u << 28;
  (void)*clocks;
  *(volatile uint32_t *)0x40007000u |= 1u << 8;
}

#define FIRMSEAL_BANK_BYTES 0u
static inline int firmseal_banks_exchanged(void) { return 0; }

#endif

/* SPDX-License-Identifier: MIT-0 */
/* STM32U575 without TrustZone and alike: bases by RM0456 table 4, flash by 7.9, backup
 * registers by 10.10.11 and 64.6. */
#ifndef FIRMSEAL_REGISTERS_H
#define FIRMSEAL_REGISTERS_H

#include <stdint.h>

#define FIRMSEAL_FLASH 0x40022000u
#define FIRMSEAL_WATCHDOG 0x40003000u
#define FIRMSEAL_REQUEST_REGISTER 0x46007D00u /* TAMP_BKP0R */

#define FIRMSEAL_FLASH_KEYR 0x08u
#define FIRMSEAL_FLASH_SR 0x20u
#define FIRMSEAL_FLASH_CR 0x28u
#define FIRMSEAL_FLASH_SR_BUSY 0x00030000u
#define FIRMSEAL_FLASH_SR_ERRORS 0x000020FAu
#define FIRMSEAL_FLASH_CR_BANK_2 (1u << 11)
/* Longer than the slowest erase of a page, 40 ms, at 160 MHz and three instructions a turn. */
#define FIRMSEAL_FLASH_TURNS 10000000u

/* RCC_AHB3ENR.PWREN, RCC_APB3ENR.RTCAPBEN; then PWR_DBPR.DBP. */
static inline void firmseal_backup_open(void) {
  volatile uint32_t *clocks = (volatile uint32_t *)0x46020CA8u;
  *(volatile uint32_t *)0x46020C94u |= 1u << 2;
  *clocks |= 1u << 21;
  (void)*clocks;
  *(volatile uint32_t *)0x46020828u |= 1u;
}

#define FIRMSEAL_BANK_BYTES 0u
static inline int firmseal_banks_exchanged(void) { return 0; }

#endif

/* SPDX-License-Identifier: MIT-0 */
/* STM32F427 and alike: bases by RM0090 table 1, backup registers by 5.4.1 and 26.6.20. */
#ifndef FIRMSEAL_REGISTERS_H
#define FIRMSEAL_REGISTERS_H

#include <stdint.h>

#define FIRMSEAL_FLASH 0x40023C00u
#define FIRMSEAL_WATCHDOG 0x40003000u
#define FIRMSEAL_REQUEST_REGISTER 0x40002850u /* RTC_BKP0R */

/* RCC_APB1ENR.PWREN, then PWR_CR.DBP. */
static inline void firmseal_backup_open(void) {
  volatile uint32_t *clocks = (volatile uint32_t *)0x40023840u;
  *clocks |= 1u << 28;
  (void)*clocks;
  *(volatile uint32_t *)0x40007000u |= 1u << 8;
}

#endif

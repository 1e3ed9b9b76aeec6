/* SPDX-License-Identifier: MIT-0 */
/* STM32H743 and alike: bases by RM0433 table 8, backup registers by 6.8.1 and 46.6.20. */
#ifndef FIRMSEAL_REGISTERS_H
#define FIRMSEAL_REGISTERS_H

#include <stdint.h>

#define FIRMSEAL_FLASH 0x52002000u
#define FIRMSEAL_WATCHDOG 0x58004800u /* IWDG1 */
#define FIRMSEAL_REQUEST_REGISTER 0x58004050u /* RTC_BKP0R */

/* PWR_CR1.DBP; the clock of the RTC's bus is on after a reset. */
static inline void firmseal_backup_open(void) { *(volatile uint32_t *)0x58024800u |= 1u << 8; }

#define FIRMSEAL_BANK_BYTES 0u
static inline int firmseal_banks_exchanged(void) { return 0; }

#endif

/*
 * Addresses of the STM32G0B1 that the generated fs_chip.h does not give, and what the shared files of
 * port/stm32 ask for. Bases: RM0444 table 6 (register boundary addresses); offsets at each use.
 */
#ifndef FS_REGISTERS_H
#define FS_REGISTERS_H

#include "fs_cortex.h"

#define FS_RCC 0x40021000u
#define FS_FLASH 0x40022000u
#define FS_PWR 0x40007000u
#define FS_IWDG 0x40003000u
#define FS_GPIOA 0x50000000u
#define FS_REQUEST_REGISTER 0x4000B100u /* TAMP_BKP0R, RM0444 32.6.11 */

#define FS_BUTTON_LEVEL 0u /* NUCLEO-G0B1RE */
#define FS_USART_PIN_FUNCTION 1u /* DS13560, alternate functions of PA9 and PA10 */
#define FS_CORE_CLOCK_HZ 64000000u
/* Each reset register of the RCC stands that much before the clock register with the same bits. */
#define FS_RCC_FROM_RESET_TO_CLOCK 0x10u

/* RCC, RM0444 5.4: IOPENR +34, APBENR1 +3C. */
#define FS_RCC_IOPENR FS_REGISTER(FS_RCC + 0x34u)
#define FS_RCC_APBENR1 FS_REGISTER(FS_RCC + 0x3Cu)
#define FS_APB1_RTC (1u << 10)
#define FS_APB1_PWR (1u << 28)

static inline void fs_gpio_clock(uint32_t gpio) {
  FS_RCC_IOPENR |= 1u << ((gpio - FS_GPIOA) / 0x400u);
  (void)FS_RCC_IOPENR;
}

static inline void fs_power_open(void) {
  FS_RCC_APBENR1 |= FS_APB1_PWR;
  (void)FS_RCC_APBENR1;
}

/* Backup registers: clocks of their bus and of PWR, then PWR_CR1.DBP for writing (RM0444 4.4.1). */
static inline void fs_backup_open(void) {
  FS_RCC_APBENR1 |= FS_APB1_RTC | FS_APB1_PWR;
  (void)FS_RCC_APBENR1;
  FS_REGISTER(FS_PWR + 0x00u) |= 1u << 8;
}

static inline void fs_backup_close(void) { FS_REGISTER(FS_PWR + 0x00u) &= ~(1u << 8); }

#endif

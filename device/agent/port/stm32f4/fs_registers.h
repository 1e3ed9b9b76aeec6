/*
 * Addresses of STM32F427 and STM32F405, one manual, that the generated fs_chip.h does not give, and what
 * the shared files of port/stm32 ask for. Bases: RM0090 table 1 (register boundary addresses); offsets at
 * each use.
 */
#ifndef FS_REGISTERS_H
#define FS_REGISTERS_H

#include "fs_cortex.h"

#define FS_RCC 0x40023800u
#define FS_FLASH 0x40023C00u
#define FS_PWR 0x40007000u
#define FS_SYSCFG 0x40013800u
#define FS_RNG 0x50060800u
#define FS_IWDG 0x40003000u
#define FS_GPIOA 0x40020000u
#define FS_REQUEST_REGISTER 0x40002850u /* RTC_BKP0R, RM0090 26.6.20 */

#define FS_BUTTON_LEVEL 1u /* NUCLEO-F429ZI; ST has no Nucleo board with an F405 */
#define FS_USART_PIN_FUNCTION 7u /* DS9405, DS8626: alternate functions of PA9 and PA10 */
#define FS_CORE_CLOCK_HZ 168000000u
/* Each reset register of the RCC stands that much before the clock register with the same bits. */
#define FS_RCC_FROM_RESET_TO_CLOCK 0x20u

/* RCC, RM0090 6.3 (F42xxx), 7.3 (F405): AHB1ENR +30, AHB2ENR +34, APB1ENR +40, APB2ENR +44. */
#define FS_RCC_AHB1ENR FS_REGISTER(FS_RCC + 0x30u)
#define FS_RCC_AHB2ENR FS_REGISTER(FS_RCC + 0x34u)
#define FS_RCC_APB1ENR FS_REGISTER(FS_RCC + 0x40u)
#define FS_RCC_APB2ENR FS_REGISTER(FS_RCC + 0x44u)
#define FS_APB2_SYSCFG (1u << 14)
#define FS_AHB2_RNG (1u << 6)
#define FS_APB1_PWR (1u << 28)

static inline void fs_gpio_clock(uint32_t gpio) {
  FS_RCC_AHB1ENR |= 1u << ((gpio - FS_GPIOA) / 0x400u);
  (void)FS_RCC_AHB1ENR; /* the clock takes two periods (RM0090 6.2.14) */
}

/* The generator runs on the 48 MHz output of the PLL, which fs_chip_start set up. */
static inline void fs_random_clock(void) {
  FS_RCC_AHB2ENR |= FS_AHB2_RNG;
  (void)FS_RCC_AHB2ENR;
}

/* This generator has nothing to configure; it is switched off and on again after an error (RM0090 24.3.2). */
static inline void fs_random_configure(void) { FS_REGISTER(FS_RNG + 0x00u) = 0; }

static inline void fs_power_open(void) {
  FS_RCC_APB1ENR |= FS_APB1_PWR;
  (void)FS_RCC_APB1ENR;
}

/* Backup registers: PWR clock, then PWR_CR.DBP for writing (RM0090 5.4.1). */
static inline void fs_backup_open(void) {
  fs_power_open();
  FS_REGISTER(FS_PWR + 0x00u) |= 1u << 8;
}

static inline void fs_backup_close(void) { FS_REGISTER(FS_PWR + 0x00u) &= ~(1u << 8); }

#endif

/*
 * Addresses of the STM32L476 that the generated fs_chip.h does not give, and what the shared files of
 * port/stm32 ask for. Bases: RM0351 table 1 (memory map); offsets at each use.
 */
#ifndef FS_REGISTERS_H
#define FS_REGISTERS_H

#include "fs_cortex.h"

#define FS_RCC 0x40021000u
#define FS_FLASH 0x40022000u
#define FS_PWR 0x40007000u
#define FS_RNG 0x50060800u
#define FS_IWDG 0x40003000u
#define FS_GPIOA 0x48000000u
#define FS_REQUEST_REGISTER 0x40002850u /* RTC_BKP0R, RM0351 38.6 */

#define FS_BUTTON_LEVEL 0u /* NUCLEO-L476RG */
#define FS_USART_PIN_FUNCTION 7u /* DS10198, alternate functions of PA9 and PA10 */
#define FS_USART_FIFO 0u /* bit 29 of USART_CR1 is reserved: this USART has no FIFO (RM0351 40.8.1) */
#define FS_CORE_CLOCK_HZ 80000000u
/* Each reset register of the RCC stands that much before the clock register with the same bits. */
#define FS_RCC_FROM_RESET_TO_CLOCK 0x20u

/* RCC, RM0351 6.4: AHB2ENR +4C, APB1ENR1 +58, CCIPR +88. */
#define FS_RCC_AHB2ENR FS_REGISTER(FS_RCC + 0x4Cu)
#define FS_RCC_APB1ENR1 FS_REGISTER(FS_RCC + 0x58u)
#define FS_RCC_CCIPR FS_REGISTER(FS_RCC + 0x88u)
#define FS_AHB2_RNG (1u << 18)
#define FS_APB1_PWR (1u << 28)
#define FS_CCIPR_PLL_Q (2u << 26) /* CLK48SEL */

static inline void fs_gpio_clock(uint32_t gpio) {
  FS_RCC_AHB2ENR |= 1u << ((gpio - FS_GPIOA) / 0x400u);
  (void)FS_RCC_AHB2ENR;
}

/* The generator runs on the PLL's output Q, which fs_chip_start set up; this part has no oscillator of 48
 * MHz. Its clock check asks for a thirty-second of the bus clock only (RM0351 27.3.6). */
static inline void fs_random_clock(void) {
  FS_RCC_CCIPR = FS_CCIPR_PLL_Q;
  FS_RCC_AHB2ENR |= FS_AHB2_RNG;
  (void)FS_RCC_AHB2ENR;
}

/* This generator has nothing to configure; it is switched off and on again after an error (RM0351 27.3.7). */
static inline void fs_random_configure(void) { FS_REGISTER(FS_RNG + 0x00u) = 0; }

static inline void fs_power_open(void) {
  FS_RCC_APB1ENR1 |= FS_APB1_PWR;
  (void)FS_RCC_APB1ENR1;
}

/* Backup registers: PWR clock, then PWR_CR1.DBP for writing (RM0351 5.4.1); this part has no clock of their
 * own to turn on. */
static inline void fs_backup_open(void) {
  fs_power_open();
  FS_REGISTER(FS_PWR + 0x00u) |= 1u << 8;
}

static inline void fs_backup_close(void) { FS_REGISTER(FS_PWR + 0x00u) &= ~(1u << 8); }

#endif

/*
 * Addresses of the STM32H743 that the generated fs_chip.h does not give, and what the shared files of
 * port/stm32 ask for. Bases: RM0433 table 8 (register boundary addresses); offsets at each use.
 */
#ifndef FS_REGISTERS_H
#define FS_REGISTERS_H

#include "fs_cortex.h"

#define FS_RCC 0x58024400u
#define FS_PWR 0x58024800u
#define FS_FLASH 0x52002000u
#define FS_RNG 0x48021800u
#define FS_IWDG 0x58004800u /* IWDG1 */
#define FS_GPIOA 0x58020000u
#define FS_REQUEST_REGISTER 0x58004050u /* RTC_BKP0R, RM0433 46.6.20 */

#define FS_BUTTON_LEVEL 1u /* NUCLEO-H743ZI */
#define FS_USART_PIN_FUNCTION 7u /* DS12110, alternate functions of PA9 and PA10 */
#define FS_CORE_CLOCK_HZ 400000000u
/* Each reset register of the RCC stands that much before the clock register with the same bits. */
#define FS_RCC_FROM_RESET_TO_CLOCK 0x58u

/* RCC, RM0433 8.7: AHB2ENR +DC, AHB4ENR +E0. */
#define FS_RCC_CR FS_REGISTER(FS_RCC + 0x00u)
#define FS_RCC_AHB2ENR FS_REGISTER(FS_RCC + 0xDCu)
#define FS_RCC_AHB4ENR FS_REGISTER(FS_RCC + 0xE0u)
#define FS_AHB2_RNG (1u << 6)
#define FS_CR_HSI48_ON (1u << 12)
#define FS_CR_HSI48_READY (1u << 13)

fs_result fs_wait_for(uint32_t address, uint32_t mask, uint32_t value);

static inline void fs_gpio_clock(uint32_t gpio) {
  FS_RCC_AHB4ENR |= 1u << ((gpio - FS_GPIOA) / 0x400u);
  (void)FS_RCC_AHB4ENR;
}

/* The generator runs on the 48 MHz oscillator: RCC_D2CCIP2R.RNGSEL is 0 after reset (RM0433 8.7.20). Should
 * it not start, the generator's clock check says so. */
static inline void fs_random_clock(void) {
  FS_RCC_CR |= FS_CR_HSI48_ON;
  (void)fs_wait_for(FS_RCC + 0x00u, FS_CR_HSI48_READY, FS_CR_HSI48_READY);
  FS_RCC_AHB2ENR |= FS_AHB2_RNG;
  (void)FS_RCC_AHB2ENR;
}

/* This generator has nothing to configure; it is switched off and on again after an error (RM0433 34.3.7). */
static inline void fs_random_configure(void) { FS_REGISTER(FS_RNG + 0x00u) = 0; }

/* The clock of PWR is always on. */
static inline void fs_power_open(void) {}

/* Backup registers: PWR_CR1.DBP (RM0433 6.8.1); the clock of the RTC's bus is on after reset. */
static inline void fs_backup_open(void) { FS_REGISTER(FS_PWR + 0x00u) |= 1u << 8; }
static inline void fs_backup_close(void) { FS_REGISTER(FS_PWR + 0x00u) &= ~(1u << 8); }

#endif

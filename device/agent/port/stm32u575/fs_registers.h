/*
 * Addresses of the STM32U575 without TrustZone (TZEN 0) that the generated fs_chip.h does not
 * give, and what the shared files of port/stm32 ask for. Bases: RM0456 table 4 (memory map,
 * non-secure aliases); offsets at each use.
 */
#ifndef FS_REGISTERS_H
#define FS_REGISTERS_H

#include "fs_cortex.h"

#define FS_RCC 0x46020C00u
#define FS_PWR 0x46020800u
#define FS_FLASH 0x40022000u
#define FS_RNG 0x420C0800u
#define FS_IWDG 0x40003000u
#define FS_GPIOA 0x42020000u
#define FS_REQUEST_REGISTER 0x46007D00u /* TAMP_BKP0R, RM0456 64.6 */

#define FS_BUTTON_LEVEL 1u /* NUCLEO-U575ZI-Q */
#define FS_USART_PIN_FUNCTION 7u /* DS13737, alternate functions of PA9 and PA10 */
#define FS_CORE_CLOCK_HZ 160000000u
/* Each reset register of the RCC stands that much before the clock register with the same bits. */
#define FS_RCC_FROM_RESET_TO_CLOCK 0x28u

/* RCC, RM0456 11.8: CR +00, AHB2ENR1 +8C, AHB3ENR +94, APB3ENR +A8. */
#define FS_RCC_CR FS_REGISTER(FS_RCC + 0x00u)
#define FS_RCC_AHB2ENR1 FS_REGISTER(FS_RCC + 0x8Cu)
#define FS_RCC_AHB3ENR FS_REGISTER(FS_RCC + 0x94u)
#define FS_RCC_APB3ENR FS_REGISTER(FS_RCC + 0xA8u)
#define FS_AHB2_RNG (1u << 18)
#define FS_AHB3_PWR (1u << 2)
#define FS_APB3_RTC (1u << 21)
#define FS_CR_HSI48_ON (1u << 12)
#define FS_CR_HSI48_READY (1u << 13)

fs_result fs_wait_for(uint32_t address, uint32_t mask, uint32_t value);

static inline void fs_gpio_clock(uint32_t gpio) {
  FS_RCC_AHB2ENR1 |= 1u << ((gpio - FS_GPIOA) / 0x400u);
  (void)FS_RCC_AHB2ENR1;
}

/* The generator runs on the 48 MHz oscillator: RCC_CCIPR2.RNGSEL is 0 after reset. Should it not start, the
 * generator's clock check says so. */
static inline void fs_random_clock(void) {
  FS_RCC_CR |= FS_CR_HSI48_ON;
  (void)fs_wait_for(FS_RCC + 0x00u, FS_CR_HSI48_READY, FS_CR_HSI48_READY);
  FS_RCC_AHB2ENR1 |= FS_AHB2_RNG;
  (void)FS_RCC_AHB2ENR1;
}

/* The configuration that ST certified to NIST SP 800-90B, for a clock of 48 MHz (AN4230, STM32U5; the values
 * of RNG_CR_NIST_VALUE, RNG_HTCR_NIST_VALUE and RNG_NSCR_NIST_VALUE in ST's device headers): the one after
 * reset is another. It is taken over only by a write with CONDRST, which also is the way out of a seed error
 * (RM0456 48.3.7); CONDRST reads 1 until the conditioning was reset. */
#define FS_RNG_CR_CONDRST (1u << 30)
#define FS_RNG_CR_NIST 0x00F00D00u
#define FS_RNG_HTCR_NIST 0x0000A2B0u
#define FS_RNG_NSCR_NIST 0x00017CBBu

static inline void fs_random_configure(void) {
  FS_REGISTER(FS_RNG + 0x00u) = FS_RNG_CR_CONDRST | FS_RNG_CR_NIST;
  FS_REGISTER(FS_RNG + 0x0Cu) = FS_RNG_NSCR_NIST;
  FS_REGISTER(FS_RNG + 0x10u) = FS_RNG_HTCR_NIST;
  FS_REGISTER(FS_RNG + 0x00u) = FS_RNG_CR_NIST;
  (void)fs_wait_for(FS_RNG + 0x00u, FS_RNG_CR_CONDRST, 0);
}

/* Its clock is on from fs_chip_start on. */
static inline void fs_power_open(void) {}

/* Backup registers: clocks of their bus and of PWR, then PWR_DBPR.DBP for writing (RM0456 10.10.11). */
static inline void fs_backup_open(void) {
  FS_RCC_AHB3ENR |= FS_AHB3_PWR;
  FS_RCC_APB3ENR |= FS_APB3_RTC;
  (void)FS_RCC_APB3ENR;
  FS_REGISTER(FS_PWR + 0x28u) |= 1u;
}

static inline void fs_backup_close(void) { FS_REGISTER(FS_PWR + 0x28u) &= ~1u; }

#endif

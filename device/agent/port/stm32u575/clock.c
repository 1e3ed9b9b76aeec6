/*
 * Clock of the STM32U575: 160 MHz from the internal oscillator, voltage range 1 with the booster. The
 * instruction cache stays off, as after reset: it serves data reads of flash as well, and would give the
 * bytes from before an erase. RM0456 sections 10.5.4 (voltage, booster), 11.8 (RCC), 7.3.3 (4 wait
 * states up to 160 MHz in range 1).
 */
#include "fs_stm32.h"

#define CR (FS_RCC + 0x00u)
#define CFGR1 (FS_RCC + 0x1Cu)
#define PLL1CFGR FS_REGISTER(FS_RCC + 0x28u)
#define PLL1DIVR FS_REGISTER(FS_RCC + 0x34u)
#define CR_HSI_ON (1u << 8)
#define CR_HSI_READY (1u << 10)
#define CR_PLL1_ON (1u << 24)
#define CR_PLL1_READY (1u << 25)
/* 16 MHz / 1 * 10 = 160 MHz; R: / 1, put out. PLL1SRC 2: internal oscillator; input 8 to
 * 16 MHz; booster at 16 MHz. */
#define PLL1_SHAPE (2u | 3u << 2 | 1u << 18)
#define PLL1_N10_R1 (9u | 1u << 9 | 1u << 16 | 0u << 24)
#define PLL1DIVR_AFTER_RESET 0x01010280u
#define CFGR1_PLL1 3u
#define CFGR1_IN_USE (3u << 2)

#define VOSR (FS_PWR + 0x0Cu)
#define VOSR_RANGE_1 (3u << 16)
#define VOSR_BOOST (1u << 18)
#define VOSR_BOOST_READY (1u << 14)
#define VOSR_READY (1u << 15)

#define ACR (FS_FLASH + 0x00u)
#define ACR_4_WAIT_STATES 4u
#define ACR_PREFETCH (1u << 8)

void fs_chip_before_ram(void) {}

static void start_and_wait(uint32_t address, uint32_t bits, uint32_t ready) {
  FS_REGISTER(address) |= bits;
  if (fs_wait_for(address, ready, ready) != FS_OK) fs_system_reset();
}

void fs_chip_start(void) {
  FS_RCC_AHB3ENR |= FS_AHB3_PWR;
  (void)FS_RCC_AHB3ENR;
  start_and_wait(CR, CR_HSI_ON, CR_HSI_READY);
  start_and_wait(VOSR, VOSR_RANGE_1, VOSR_READY);
  PLL1CFGR = PLL1_SHAPE;
  PLL1DIVR = PLL1_N10_R1;
  start_and_wait(VOSR, VOSR_BOOST, VOSR_BOOST_READY);
  start_and_wait(CR, CR_PLL1_ON, CR_PLL1_READY);
  FS_REGISTER(ACR) = ACR_4_WAIT_STATES | ACR_PREFETCH;
  if (fs_wait_for(ACR, 0xFu, ACR_4_WAIT_STATES) != FS_OK) fs_system_reset();
  FS_REGISTER(CFGR1) = CFGR1_PLL1;
  if (fs_wait_for(CFGR1, CFGR1_IN_USE, CFGR1_PLL1 << 2) != FS_OK) fs_system_reset();
}

void fs_chip_stop(void) {
  fs_link_stop();
  /* Reset of what was used (RM0456 11.8, AHB2RSTR1 +64): ports, any of which may have a pin of the board;
   * generator. */
  FS_REGISTER(FS_RCC + 0x64u) = FS_GPIO_PORTS | FS_AHB2_RNG;
  FS_REGISTER(FS_RCC + 0x64u) = 0;
  FS_RCC_AHB2ENR1 &= ~(FS_GPIO_PORTS | FS_AHB2_RNG);
  FS_RCC_APB3ENR &= ~FS_APB3_RTC;
  FS_REGISTER(CFGR1) = 0;
  (void)fs_wait_for(CFGR1, CFGR1_IN_USE, 0);
  FS_REGISTER(CR) &= ~(CR_PLL1_ON | FS_CR_HSI48_ON);
  (void)fs_wait_for(CR, CR_PLL1_READY, 0);
  PLL1CFGR = 0;
  PLL1DIVR = PLL1DIVR_AFTER_RESET;
  FS_REGISTER(CR) &= ~CR_HSI_ON;
  FS_REGISTER(ACR) = 0;
  FS_REGISTER(VOSR) &= ~(VOSR_BOOST | VOSR_RANGE_1);
  FS_RCC_AHB3ENR &= ~FS_AHB3_PWR;
}

/*
 * Clock of STM32F427 and STM32F405: 168 MHz from the internal oscillator, so that no board's crystal
 * matters; 48 MHz for the random generator. RM0090 sections 6.3 and 7.3 (RCC of both), 3.5.1 (wait
 * states), 3.9.1 (FLASH_ACR). Supply 2.7 to 3.6 V.
 */
#include "fs_stm32.h"

#define CR (FS_RCC + 0x00u)
#define PLLCFGR (FS_RCC + 0x04u)
#define CFGR (FS_RCC + 0x08u)
#define CR_PLL_ON (1u << 24)
#define CR_PLL_READY (1u << 25)
/* 16 MHz / 16 * 336 = 336 MHz; / 2 = 168 MHz (PLLP 0); / 7 = 48 MHz. PLLSRC 0: internal oscillator. */
#define PLL_168_MHZ (16u | 336u << 6 | 0u << 16 | 7u << 24)
#define PLL_AFTER_RESET 0x24003010u
#define CFGR_PLL 2u
#define CFGR_PPRE1_BY_4 (5u << 10)
#define CFGR_PPRE2_BY_2 (4u << 13)
#define CFGR_IN_USE (3u << 2)

#define ACR (FS_FLASH + 0x00u)
#define ACR_5_WAIT_STATES 5u
#define ACR_PREFETCH (1u << 8)
#define ACR_INSTRUCTION_CACHE (1u << 9)
#define ACR_INSTRUCTION_RESET (1u << 11)

void fs_chip_before_ram(void) {}

void fs_chip_clear_nmi(void) {}

/* The data cache of the flash stays off: it would give the bytes from before an erase (RM0090 3.5.2). */
void fs_chip_start(void) {
  FS_REGISTER(ACR) = ACR_5_WAIT_STATES | ACR_PREFETCH | ACR_INSTRUCTION_CACHE;
  if (fs_wait_for(ACR, 0xFu, ACR_5_WAIT_STATES) != FS_OK) fs_system_reset();
  FS_REGISTER(PLLCFGR) = PLL_168_MHZ;
  FS_REGISTER(CR) |= CR_PLL_ON;
  if (fs_wait_for(CR, CR_PLL_READY, CR_PLL_READY) != FS_OK) fs_system_reset();
  FS_REGISTER(CFGR) = CFGR_PPRE1_BY_4 | CFGR_PPRE2_BY_2 | CFGR_PLL;
  if (fs_wait_for(CFGR, CFGR_IN_USE, CFGR_PLL << 2) != FS_OK) fs_system_reset();
}

void fs_chip_stop(void) {
  fs_link_stop();
  /* Reset of what was used (RM0090 6.3.5, 6.3.6): ports, any of which may have a pin
   * of the board; generator. */
  FS_REGISTER(FS_RCC + 0x10u) = FS_GPIO_PORTS;
  FS_REGISTER(FS_RCC + 0x10u) = 0;
  FS_REGISTER(FS_RCC + 0x14u) = FS_AHB2_RNG;
  FS_REGISTER(FS_RCC + 0x14u) = 0;
  FS_RCC_AHB1ENR = 0x00100000u; /* reset value: core coupled memory */
  FS_RCC_AHB2ENR = 0;
  FS_RCC_APB1ENR = 0;
  FS_RCC_APB2ENR = 0;
  FS_REGISTER(CFGR) = 0;
  (void)fs_wait_for(CFGR, CFGR_IN_USE, 0);
  FS_REGISTER(CR) &= ~CR_PLL_ON;
  (void)fs_wait_for(CR, CR_PLL_READY, 0);
  FS_REGISTER(PLLCFGR) = PLL_AFTER_RESET;
  /* Caches off, then emptied: after a change of banks their addresses mean other bytes. */
  FS_REGISTER(ACR) = 0;
  FS_REGISTER(ACR) = ACR_INSTRUCTION_RESET;
  FS_REGISTER(ACR) = 0;
}

/* Clock of the STM32G0B1: 64 MHz from the internal oscillator. RM0444 sections 5.4 (RCC), 3.3.4 and 3.7.1
 * (FLASH_ACR: 2 wait states up to 64 MHz in voltage range 1, the one after reset). */
#include "fs_stm32.h"

#define CR (FS_RCC + 0x00u)
#define CFGR (FS_RCC + 0x08u)
#define PLLCFGR FS_REGISTER(FS_RCC + 0x0Cu)
#define CR_PLL_ON (1u << 24)
#define CR_PLL_READY (1u << 25)
/* 16 MHz / 1 * 8 = 128 MHz; R: / 2 = 64 MHz, put out. PLLSRC 2: internal oscillator. */
#define PLL_64_MHZ (2u | 8u << 8 | 1u << 28 | 1u << 29)
#define PLL_AFTER_RESET 0x00001000u
#define CFGR_PLL 2u
#define CFGR_IN_USE (7u << 3)

#define ACR (FS_FLASH + 0x00u)
#define ACR_WAIT_STATES 7u
#define ACR_2_WAIT_STATES 2u
#define ACR_PREFETCH (1u << 8)
#define ACR_CACHE (1u << 9)
#define ACR_CACHE_RESET (1u << 11)

void fs_chip_before_ram(void) {}

/* FLASH_ACR has bits of the debugger that are left as they are. */
void fs_chip_start(void) {
  FS_REGISTER(ACR) = (FS_REGISTER(ACR) & ~ACR_WAIT_STATES) | ACR_2_WAIT_STATES | ACR_PREFETCH;
  if (fs_wait_for(ACR, ACR_WAIT_STATES, ACR_2_WAIT_STATES) != FS_OK) fs_system_reset();
  PLLCFGR = PLL_64_MHZ;
  FS_REGISTER(CR) |= CR_PLL_ON;
  if (fs_wait_for(CR, CR_PLL_READY, CR_PLL_READY) != FS_OK) fs_system_reset();
  FS_REGISTER(CFGR) = CFGR_PLL;
  if (fs_wait_for(CFGR, CFGR_IN_USE, CFGR_PLL << 3) != FS_OK) fs_system_reset();
}

void fs_chip_stop(void) {
  uint32_t acr;
  fs_link_stop();
  /* Reset of what was used (RM0444 5.4.9): ports, any of which may have a pin of the board. */
  FS_REGISTER(FS_RCC + 0x24u) = FS_GPIO_PORTS;
  FS_REGISTER(FS_RCC + 0x24u) = 0;
  FS_RCC_IOPENR = 0;
  FS_RCC_APBENR1 = 0;
  FS_REGISTER(CFGR) = 0;
  (void)fs_wait_for(CFGR, CFGR_IN_USE, 0);
  FS_REGISTER(CR) &= ~CR_PLL_ON;
  (void)fs_wait_for(CR, CR_PLL_READY, 0);
  PLLCFGR = PLL_AFTER_RESET;
  /* The instruction cache is on after a reset, and is emptied here while it is off. */
  acr = FS_REGISTER(ACR) & ~(ACR_WAIT_STATES | ACR_PREFETCH | ACR_CACHE);
  FS_REGISTER(ACR) = acr;
  FS_REGISTER(ACR) = acr | ACR_CACHE_RESET;
  FS_REGISTER(ACR) = acr | ACR_CACHE;
}

/*
 * Clock of the STM32L476: 80 MHz from the internal oscillator of 16 MHz, voltage range 1 as after reset;
 * 40 MHz for the random generator. RM0351 sections 6.4 (RCC), 3.3.3 (wait states: 4 up to 80 MHz in range
 * 1), 3.7.1 (FLASH_ACR). The data cache stays off: it would give the bytes from before an erase, and may
 * be corrupted while the other bank is written (ES0250, "Data cache might be corrupted during Flash
 * memory read-while-write operation").
 */
#include "fs_stm32.h"

#define CR (FS_RCC + 0x00u)
#define CFGR (FS_RCC + 0x08u)
#define PLLCFGR FS_REGISTER(FS_RCC + 0x0Cu)
#define CR_HSI_ON (1u << 8)
#define CR_HSI_READY (1u << 10)
#define CR_PLL_ON (1u << 24)
#define CR_PLL_READY (1u << 25)
/* 16 MHz / 1 * 10 = 160 MHz; R: / 2 = 80 MHz; Q: / 4 = 40 MHz; both put out. PLLSRC
 * 2: internal oscillator. */
#define PLL_80_MHZ (2u | 0u << 4 | 10u << 8 | 1u << 20 | 1u << 21 | 1u << 24 | 0u << 25)
#define PLL_AFTER_RESET 0x00001000u
#define CFGR_PLL 3u
#define CFGR_IN_USE (3u << 2)

#define ACR (FS_FLASH + 0x00u)
#define ACR_WAIT_STATES 7u
#define ACR_4_WAIT_STATES 4u
#define ACR_INSTRUCTION_CACHE (1u << 9)
#define ACR_DATA_CACHE (1u << 10)
#define ACR_INSTRUCTION_RESET (1u << 11)
#define ACR_DATA_RESET (1u << 12)

void fs_chip_before_ram(void) {}

static void start_and_wait(uint32_t bits, uint32_t ready) {
  FS_REGISTER(CR) |= bits;
  if (fs_wait_for(CR, ready, ready) != FS_OK) fs_system_reset();
}

void fs_chip_start(void) {
  FS_REGISTER(ACR) = ACR_4_WAIT_STATES | ACR_INSTRUCTION_CACHE;
  if (fs_wait_for(ACR, ACR_WAIT_STATES, ACR_4_WAIT_STATES) != FS_OK) fs_system_reset();
  start_and_wait(CR_HSI_ON, CR_HSI_READY);
  PLLCFGR = PLL_80_MHZ;
  start_and_wait(CR_PLL_ON, CR_PLL_READY);
  FS_REGISTER(CFGR) = CFGR_PLL;
  if (fs_wait_for(CFGR, CFGR_IN_USE, CFGR_PLL << 2) != FS_OK) fs_system_reset();
}

void fs_chip_stop(void) {
  fs_link_stop();
  /* Reset of what was used (RM0351 6.4.11, AHB2RSTR +2C): ports, any of which may have a pin of the board;
   * generator. */
  FS_REGISTER(FS_RCC + 0x2Cu) = FS_GPIO_PORTS | FS_AHB2_RNG;
  FS_REGISTER(FS_RCC + 0x2Cu) = 0;
  FS_RCC_AHB2ENR &= ~(FS_GPIO_PORTS | FS_AHB2_RNG);
  FS_RCC_APB1ENR1 &= ~FS_APB1_PWR;
  FS_RCC_CCIPR = 0;
  /* Back to the oscillator that ran all the time, 4 MHz. */
  FS_REGISTER(CFGR) = 0;
  (void)fs_wait_for(CFGR, CFGR_IN_USE, 0);
  FS_REGISTER(CR) &= ~CR_PLL_ON;
  (void)fs_wait_for(CR, CR_PLL_READY, 0);
  PLLCFGR = PLL_AFTER_RESET;
  FS_REGISTER(CR) &= ~CR_HSI_ON;
  /* Both caches are on after a reset, and are emptied here while they are off. */
  FS_REGISTER(ACR) = 0;
  FS_REGISTER(ACR) = ACR_INSTRUCTION_RESET | ACR_DATA_RESET;
  FS_REGISTER(ACR) = ACR_INSTRUCTION_CACHE | ACR_DATA_CACHE;
}

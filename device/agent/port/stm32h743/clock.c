/*
 * Clock of the STM32H743: 400 MHz from the internal oscillator at voltage scale 1, buses at 200 and 100
 * MHz; instruction cache on, data cache off, so that what is read from flash is what flash holds.
 * RM0433 sections 6.6 (voltage), 8.5, 8.7 (RCC), 4.3.8 and 4.9.1 (FLASH_ACR: 2 wait states, WRHIGHFREQ
 * 2 for 185 to 210 MHz at scale 1).
 */
#include "fs_stm32.h"

#define CR (FS_RCC + 0x00u)
#define CFGR (FS_RCC + 0x10u)
#define D1CFGR FS_REGISTER(FS_RCC + 0x18u)
#define D2CFGR FS_REGISTER(FS_RCC + 0x1Cu)
#define D3CFGR FS_REGISTER(FS_RCC + 0x20u)
#define PLLCKSELR FS_REGISTER(FS_RCC + 0x28u)
#define PLLCFGR FS_REGISTER(FS_RCC + 0x2Cu)
#define PLL1DIVR FS_REGISTER(FS_RCC + 0x30u)
#define CR_PLL1_ON (1u << 24)
#define CR_PLL1_READY (1u << 25)
/* 64 MHz / 4 = 16 MHz; * 50 = 800 MHz; / 2 = 400 MHz. PLLSRC 0: internal oscillator. */
#define DIVM1_4 (4u << 4)
#define DIVM2_DIVM3_AFTER_RESET (32u << 12 | 32u << 20)
#define PLL1_N50_P2 (49u | 1u << 9 | 1u << 16 | 1u << 24)
/* Only P of PLL 1 is put out; input 8 to 16 MHz; wide oscillator range. */
#define PLL1_SHAPE (3u << 2 | 1u << 16)
#define CFGR_PLL1 3u
#define CFGR_IN_USE (7u << 3)
#define HPRE_BY_2 8u
#define APB_BY_2 4u

#define ACR (FS_FLASH + 0x00u)
#define ACR_200_MHZ (2u | 2u << 4)
#define ACR_AFTER_RESET 0x00000037u

#define PWR_CSR1 (FS_PWR + 0x04u)
#define PWR_CR3 FS_REGISTER(FS_PWR + 0x0Cu)
#define PWR_D3CR (FS_PWR + 0x18u)
#define ACTIVE_VOLTAGE_READY (1u << 13)
#define VOLTAGE_READY (1u << 13)
#define VOLTAGE_SCALE_1 (3u << 14)
#define VOLTAGE_SCALE_3 (1u << 14)
#define CR3_BYPASS (1u << 0)
#define CR3_LDO (1u << 1)

/* Armv7-M Architecture Reference Manual, B3.2.8 and B4.7: CCR.IC, ICIALLU. A Cortex-M0+ ignores both. */
#define SCB_CCR FS_REGISTER(0xE000ED14u)
#define SCB_ICIALLU FS_REGISTER(0xE000EF50u)
#define CCR_INSTRUCTION_CACHE (1u << 17)

/* Revision Y and before (REV_ID below 0x2000): a read of AXI SRAM, where the agent works, may give a wrong
 * word (ES0392 2.2.9, "Reading from AXI SRAM may lead to data read corruption"). READ_ISS_OVERRIDE of the AXI
 * interconnect's target 7 cures it; ST's SystemInit writes the same. It stays set for the application. */
#define DBGMCU_IDCODE FS_REGISTER(0x5C001000u)
#define REVISION_ID(idcode) ((idcode) >> 16)
#define FIRST_REVISION_WITHOUT 0x2000u
#define AXI_TARG7_FN_MOD FS_REGISTER(0x51008108u)

/* Armv7-M Architecture Reference Manual, B3.5: MPU_CTRL, MPU_RNR, MPU_RBAR, MPU_RASR. */
#define MPU_CTRL FS_REGISTER(0xE000ED94u)
#define MPU_RNR FS_REGISTER(0xE000ED98u)
#define MPU_RBAR FS_REGISTER(0xE000ED9Cu)
#define MPU_RASR FS_REGISTER(0xE000EDA0u)
#define MPU_ON 5u /* PRIVDEFENA: elsewhere the default map */
/* 512 MiB, strongly ordered, no access, no execution. */
#define MPU_CLOSED (1u << 28 | 28u << 1 | 1u)

/* A Cortex-M7 reads ahead wherever the default map says normal memory. 0x60000000 to
 * 0x9FFFFFFF is that of FMC and QUADSPI: the FMC's bank 1 is on after reset and would hold the
 * bus, for a device that is not there. */
static void close_external_memory(uint32_t attributes, uint32_t control) {
  uint32_t region;
  MPU_CTRL = 0;
  for (region = 0; region < 2; region++) {
    MPU_RNR = region;
    MPU_RBAR = 0x60000000u + region * 0x20000000u;
    MPU_RASR = attributes;
  }
  MPU_CTRL = control;
  fs_barrier();
}

/* RM0433 6.4.1: until the supply is configured the chip is in Run* mode, where RAM must not be written. */
void fs_chip_before_ram(void) {
  PWR_CR3 = (PWR_CR3 & ~CR3_BYPASS) | CR3_LDO;
  while ((FS_REGISTER(PWR_CSR1) & ACTIVE_VOLTAGE_READY) == 0) {
  }
}

void fs_chip_clear_nmi(void) {}

void fs_chip_start(void) {
  if (REVISION_ID(DBGMCU_IDCODE) < FIRST_REVISION_WITHOUT) AXI_TARG7_FN_MOD = 1;
  close_external_memory(MPU_CLOSED, MPU_ON);
  SCB_ICIALLU = 0;
  fs_barrier();
  SCB_CCR |= CCR_INSTRUCTION_CACHE;
  fs_barrier();
  FS_REGISTER(PWR_D3CR) = VOLTAGE_SCALE_1;
  if (fs_wait_for(PWR_D3CR, VOLTAGE_READY, VOLTAGE_READY) != FS_OK) fs_system_reset();
  PLLCKSELR = DIVM2_DIVM3_AFTER_RESET | DIVM1_4;
  PLLCFGR = PLL1_SHAPE;
  PLL1DIVR = PLL1_N50_P2;
  FS_REGISTER(CR) |= CR_PLL1_ON;
  if (fs_wait_for(CR, CR_PLL1_READY, CR_PLL1_READY) != FS_OK) fs_system_reset();
  D1CFGR = HPRE_BY_2 | APB_BY_2 << 4;
  D2CFGR = APB_BY_2 << 4 | APB_BY_2 << 8;
  D3CFGR = APB_BY_2 << 4;
  FS_REGISTER(ACR) = ACR_200_MHZ;
  if (fs_wait_for(ACR, 0x3Fu, ACR_200_MHZ) != FS_OK) fs_system_reset();
  FS_REGISTER(CFGR) = CFGR_PLL1;
  if (fs_wait_for(CFGR, CFGR_IN_USE, CFGR_PLL1 << 3) != FS_OK) fs_system_reset();
}

void fs_chip_stop(void) {
  fs_link_stop();
  /* Reset of what was used (RM0433 8.7.31, 8.7.32): generator; ports, any of which may
   * have a pin of the board. */
  FS_REGISTER(FS_RCC + 0x84u) = FS_AHB2_RNG;
  FS_REGISTER(FS_RCC + 0x84u) = 0;
  FS_REGISTER(FS_RCC + 0x88u) = FS_GPIO_PORTS;
  FS_REGISTER(FS_RCC + 0x88u) = 0;
  FS_RCC_AHB2ENR = 0;
  FS_RCC_AHB4ENR = 0;
  FS_REGISTER(CFGR) = 0;
  (void)fs_wait_for(CFGR, CFGR_IN_USE, 0);
  FS_REGISTER(CR) &= ~(CR_PLL1_ON | FS_CR_HSI48_ON);
  (void)fs_wait_for(CR, CR_PLL1_READY, 0);
  D1CFGR = 0;
  D2CFGR = 0;
  D3CFGR = 0;
  PLLCKSELR = 0x02020200u;
  PLLCFGR = 0x01FF0000u;
  PLL1DIVR = 0x01010280u;
  FS_REGISTER(ACR) = ACR_AFTER_RESET;
  FS_REGISTER(PWR_D3CR) = VOLTAGE_SCALE_3;
  close_external_memory(0, 0);
  SCB_CCR &= ~CCR_INSTRUCTION_CACHE;
  SCB_ICIALLU = 0;
  fs_barrier();
}

/*
 * F4 parts: RM0090 3.9.1 (FLASH_ACR), 9.2.1 (SYSCFG_MEMRMP). The data cache of the flash would give the bytes
 * from before an erase; prefetch and instruction cache do no harm to code in RAM.
 */
#include "fs_adopter.h"
#include "fs_chip_control.h"
#include "fs_registers.h"

#define ACR FS_REGISTER(FS_FLASH + 0x00u)
#define ACR_DATA_CACHE (1u << 10)
#define ACR_DATA_RESET (1u << 12)
#define MEMRMP FS_REGISTER(FS_SYSCFG + 0x00u)
#define BANKS_EXCHANGED (1u << 8)
#define BANK_BYTES 0x00100000u
#define MPU_CTRL FS_REGISTER(0xE000ED94u)

void fs_adopter_settle(void) {
  MPU_CTRL = 0;
  ACR &= ~ACR_DATA_CACHE;
  ACR |= ACR_DATA_RESET;
  ACR &= ~ACR_DATA_RESET;
  fs_barrier();
}

/* The ROM starts bank 2 with the addresses of the banks exchanged. */
uint32_t fs_adopter_place(uint32_t image) {
  FS_RCC_APB2ENR |= FS_APB2_SYSCFG;
  (void)FS_RCC_APB2ENR;
  if ((MEMRMP & BANKS_EXCHANGED) == 0) return image;
  MEMRMP &= ~BANKS_EXCHANGED;
  fs_barrier();
  return image ^ BANK_BYTES;
}

/*
 * STM32H743: a bootloader may have turned on memory protection and caches. Armv7-M Architecture Reference
 * Manual, B2.2.7 and B4.8 (CCSIDR, DCCISW: clean and invalidate by set and way), B3.2.8 (CCR.DC, CCR.IC).
 * The Cortex-M7 of this part has 16 KiB of data cache, lines of 32 bytes, 4 ways.
 */
#include "fs_adopter.h"
#include "fs_cortex.h"

#define SCB_CCR FS_REGISTER(0xE000ED14u)
#define SCB_ICIALLU FS_REGISTER(0xE000EF50u)
#define SCB_DCCISW FS_REGISTER(0xE000EF74u)
#define SCB_CCSIDR FS_REGISTER(0xE000ED80u)
#define SCB_CSSELR FS_REGISTER(0xE000ED84u)
#define CCR_DATA_CACHE (1u << 16)
#define CCR_INSTRUCTION_CACHE (1u << 17)
#define MPU_CTRL FS_REGISTER(0xE000ED94u)

/* Sets and ways by the register that says them, so that a part with a larger cache is emptied too. */
static inline void empty_data_cache(void) {
  uint32_t size, sets, ways, set, way;
  SCB_CSSELR = 0;
  fs_barrier();
  size = SCB_CCSIDR;
  sets = (size >> 13 & 0x7FFFu) + 1u;
  ways = (size >> 3 & 0x3FFu) + 1u;
  for (set = 0; set < sets; set++)
    for (way = 0; way < ways; way++) SCB_DCCISW = way << 30 | set << 5;
  fs_barrier();
}

void fs_adopter_settle(void) {
  MPU_CTRL = 0;
  fs_barrier();
  if (SCB_CCR & CCR_DATA_CACHE) {
    SCB_CCR &= ~CCR_DATA_CACHE;
    fs_barrier();
    empty_data_cache();
  }
  SCB_CCR &= ~CCR_INSTRUCTION_CACHE;
  fs_barrier();
  SCB_ICIALLU = 0;
  fs_barrier();
}

uint32_t fs_adopter_place(uint32_t image) { return image; }

/*
 * Faults. The agent enables none of the configurable ones, so each becomes a HardFault, on ARMv6-M and later
 * alike. While fs_guarded_copy reads, a fault is noted and its instruction skipped; at any other time it is a
 * defect or an attack, and the chip is reset.
 */
#include "fs_bytes.h"
#include "fs_chip_control.h"
#include "fs_cortex.h"

typedef uint32_t __attribute__((may_alias)) aligned_word;

#define GUARD_ON 0x6ac35a93u

static volatile uint32_t guard;
static volatile uint32_t tripped;

void fs_fault_entry(void) __attribute__((naked));
void fs_nmi_entry(void);
void fs_fault_with_frame(uint32_t *frame) __attribute__((used));

void fs_system_reset(void) {
  fs_barrier();
  FS_SCB_AIRCR = FS_AIRCR_SYSTEM_RESET;
  fs_barrier();
  for (;;) {
  }
}

/* The core stacked r0-r3, r12, lr, pc, xpsr on the main stack, the only one in use. */
void fs_fault_entry(void) {
  __asm__ volatile(
      "mrs r0, msp\n"
      "push {r4, lr}\n"
      "bl fs_fault_with_frame\n"
      "pop {r4, pc}\n");
}

void fs_fault_with_frame(uint32_t *frame) {
  if (guard != GUARD_ON) fs_system_reset();
  tripped = 1;
  frame[6] += 2; /* past the 16-bit load of read_word */
}

/* A broken ECC word raises it on some parts; the load itself went through. */
void fs_nmi_entry(void) {
  fs_chip_clear_nmi();
  if (guard != GUARD_ON) fs_system_reset();
  tripped = 1;
}

/* One 16-bit load, so that the fault handler knows how far to skip. */
static uint32_t read_word(uint32_t address) {
  uint32_t word = 0;
  __asm__ volatile("ldr.n %0, [%1]" : "+l"(word) : "l"(address) : "memory");
  return word;
}

fs_result fs_guarded_copy(uint32_t address, uint8_t *bytes, uint32_t length) {
  uint32_t done = 0;
  tripped = 0;
  guard = GUARD_ON;
  /* All of firmware comes this way, twice. */
  if (((address | (uintptr_t)bytes) & 3u) == 0)
    for (; length - done >= 4; done += 4) *(aligned_word *)(bytes + done) = read_word(address + done);
  while (done < length) {
    uint32_t at = address + done;
    uint32_t word = read_word(at & ~3u);
    uint32_t lane;
    for (lane = at & 3u; lane < 4 && done < length; lane++) bytes[done++] = (uint8_t)(word >> (8 * lane));
  }
  fs_barrier();
  guard = 0;
  FS_REQUIRE(tripped == 0, FS_ERR_FLASH_VERIFY_FAILED);
  return FS_OK;
}

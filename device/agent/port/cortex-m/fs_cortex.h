/*
 * What all ports for Arm Cortex-M share: registers by address, barriers, the system control block, reads that
 * may fault. ARMv6-M is enough for all of it, so the same sources run on a Cortex-M0+ and on its model.
 */
#ifndef FS_CORTEX_H
#define FS_CORTEX_H

#include "fs_result.h"

#define FS_REGISTER(address) (*(volatile uint32_t *)(uint32_t)(address))

/* System control block (Armv7-M Architecture Reference Manual, B3.2; Armv6-M, B3.2). */
#define FS_SCB_VTOR FS_REGISTER(0xE000ED08u)
#define FS_SCB_AIRCR FS_REGISTER(0xE000ED0Cu)
#define FS_AIRCR_SYSTEM_RESET 0x05FA0004u

/* Armv7-M and later (B3.2.15, B3.2.16): what caused faults, bit by bit until a 1 is written. A
 * HardFault that was taken and gone on from (fs_guarded_copy) leaves its traces here, which an
 * application would take for its own. */
static inline void fs_forget_faults(void) {
#if __ARM_ARCH_ISA_THUMB >= 2
  FS_REGISTER(0xE000ED28u) = 0xFFFFFFFFu; /* CFSR */
  FS_REGISTER(0xE000ED2Cu) = 0xFFFFFFFFu; /* HFSR */
#endif
}

/* Memory accesses are done, and following instructions are fetched again. */
static inline void fs_barrier(void) { __asm__ volatile("dsb\n isb" ::: "memory"); }

void fs_system_reset(void) __attribute__((noreturn));

/*
 * Copies words out of memory whose reads may fault (a bus error, or an NMI for a broken ECC
 * word). Any such fault gives FS_ERR_FLASH_VERIFY_FAILED; without a guard a fault resets the
 * chip. Address and length are free.
 */
fs_result fs_guarded_copy(uint32_t address, uint8_t *bytes, uint32_t length);

/*
 * The end of the agent: vector table register, remapping (sets bit 8 of the register at
 * remap_address, unless that is 0), overwrites the agent's RAM, stack pointer, jump. Runs from RAM:
 * the flash it came from may be gone by then.
 */
void fs_handover(uint32_t stack, uint32_t program, uint32_t vectors, uint32_t remap_address)
    __attribute__((noreturn, section(".ramcode")));

#endif

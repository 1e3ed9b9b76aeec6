/*
 * First instructions of the adopter. It is linked for RAM and may stand anywhere in flash, at a multiple of
 * 1,024: up to the jump at the end everything is relative to the program counter. The owner's bootloader, a
 * boot address, or an application that jumps starts it.
 */
  .syntax unified
  .thumb

  /* The vector table in flash. `firmseal adopt build` writes the entries behind the first one: all are the
   * address of fs_start in flash, so an interrupt that was left on starts again what had not begun. */
  .section .start, "ax", %progbits
  .word fs_stack_top
  .rept 255
  .word 0
  .endr

  .global fs_start
  .thumb_func
  .type fs_start, %function
fs_start:
0:
  cpsid i
  movs r0, #0
  msr control, r0
  isb
  /* Where RAM must not be written before the supply is configured. Uses no stack. */
  bl fs_chip_before_ram
  adr.w r0, 0b /* of a function the address would have its lowest bit set */
  sub r0, r0, #0x400
  ldr r1, =fs_image_start
  ldr r2, =fs_image_end
  mov r3, r0
1:
  ldr r4, [r3], #4
  str r4, [r1], #4
  cmp r1, r2
  blo 1b
  ldr r1, =fs_bss_start
  ldr r2, =fs_bss_end
  movs r4, #0
2:
  cmp r1, r2
  bhs 3f
  str r4, [r1], #4
  b 2b
3:
  ldr r1, =fs_stack_top
  mov sp, r1
  mov r8, r0
  bl fs_adopter_settle
  mov r0, r8
  ldr r1, =fs_vectors
  ldr r2, =0xE000ED08 /* VTOR */
  str r1, [r2]
  dsb
  isb
  ldr r1, =fs_adopter_main
  bx r1
  .ltorg
  .size fs_start, . - fs_start

  /* The vector table in RAM. */
  .section .vectors, "a", %progbits
  .global fs_vectors
fs_vectors:
  .word fs_stack_top
  .word fs_system_reset
  .word fs_nmi_entry
  .rept 13
  .word fs_fault_entry
  .endr

/*
 * The application of the QEMU test: greets on UART 0, then waits for a byte, leaves the request for the agent where the
 * board keeps it (../mps2an386/fs_stand_in.h) and resets. Linked at the board's address of the slot, not at the catalogue's.
 */
  .syntax unified
  .cpu cortex-m4
  .thumb
  .word 0x20001000, start + 1
  .fill 46, 4, 0
start:
  ldr r0, =0x40004000
  movs r1, #217
  str r1, [r0, #0x10]
  movs r1, #3
  str r1, [r0, #8]
  ldr r2, =0xE000E010 /* SysTick: why is told in ../mps2an386/link.c */
  movw r1, #4999
  str r1, [r2, #4]
  movs r1, #5
  str r1, [r2]
  ldr r2, =greeting
1:
  ldrb r1, [r2], #1
  cbz r1, 3f
2:
  ldr r3, [r0, #4]
  tst r3, #1
  bne 2b
  str r1, [r0]
  b 1b
3:
  ldr r3, [r0, #4]
  tst r3, #2
  beq 3b
  ldr r1, =0x66734101
  ldr r2, =0x21000104
  str r1, [r2]
  dsb
  ldr r1, =0x05FA0004
  ldr r2, =0xE000ED0C
  str r1, [r2]
  dsb
4:
  b 4b
  .pool
greeting:
  .asciz "the application runs on mps2-an386\r\n"

/*
 * fs_handover(stack, program, vectors, remap_address): see fs_cortex.h. Position in RAM, registers only, ARMv6-M
 * instructions. What it overwrites is the agent's RAM apart from itself: stack (with what was left of keys), data, bss.
 * No register keeps a value of the agent's but r1, the entry; lr is as after a reset (Armv7-M ARM, B1.5.5).
 */
  .syntax unified
  .thumb
  .section .ramcode, "ax", %progbits
  .balign 4
  .global fs_handover
  .thumb_func
  .type fs_handover, %function
fs_handover:
  cpsid i
  ldr r4, vtor
  str r2, [r4]
  cmp r3, #0
  beq 1f
  ldr r4, [r3]
  movs r5, #1
  lsls r5, r5, #8
  orrs r4, r5
  str r4, [r3]
1:
  dsb
  isb
  movs r4, #0
  ldr r5, ram_start
  ldr r6, code_start
2:
  cmp r5, r6
  bhs 3f
  stm r5!, {r4}
  b 2b
3:
  ldr r5, code_end
  ldr r6, ram_end
4:
  cmp r5, r6
  bhs 5f
  stm r5!, {r4}
  b 4b
5:
  msr msp, r0
  movs r0, #0
  movs r2, #0
  movs r3, #0
  movs r5, #0
  movs r6, #0
  movs r7, #0
  mov r8, r7
  mov r9, r7
  mov r10, r7
  mov r11, r7
  mov r12, r7
  mvns r4, r7
  mov lr, r4
  movs r4, #0
  cpsie i
  dsb
  isb
  bx r1
  .balign 4
vtor:
  .word 0xE000ED08
ram_start:
  .word fs_ram_start
code_start:
  .word fs_ramcode_start
code_end:
  .word fs_ramcode_end
ram_end:
  .word fs_ram_end
  .size fs_handover, . - fs_handover

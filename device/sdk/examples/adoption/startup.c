/* SPDX-License-Identifier: MIT-0 */
/* Vector table and what stands before main. Nothing enables an interrupt. */
#include <stdint.h>

#include "board.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

int main(void);
/* A word of flash that a power cut left half written faults when it is read, on parts with an error
 * correcting code. */
void on_fault(void);
void reset_handler(void) __attribute__((noreturn));

__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vectors = {
    stack_top,
    {reset_handler, on_fault, on_fault, on_fault, on_fault, on_fault, 0, 0, 0, 0, on_fault, on_fault, 0, on_fault, on_fault},
};

void reset_handler(void) {
  const uint32_t *from = data_load;
  uint32_t *to;
  BOARD_BEFORE_RAM();
  *(volatile uint32_t *)0xE000ED08u = (uint32_t)&vectors;
  for (to = data_start; to < data_end;) *to++ = *from++;
  for (to = bss_start; to < bss_end;) *to++ = 0;
  (void)main();
  for (;;) __asm__ volatile("" ::: "memory");
}

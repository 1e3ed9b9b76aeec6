/* Vector table and what must happen before main: vector table address, .data copied, .bss cleared. */

#include "registers.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

int main(void);
void reset_handler(void);

/* A fault stops the program; a debugger finds the cause in the fault status registers. */
static void stop(void)
{
  for (;;) {
    __asm__ volatile("bkpt #0");
  }
}

/* RM0090 12.2, table 62: the first 16 entries; the panel polls, so no interrupt of a
 * peripheral is ever enabled. */
__attribute__((section(".vectors"), used))
static const struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vectors = {
  stack_top,
  { reset_handler, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, stop },
};

void reset_handler(void)
{
  SCB_VTOR = (uint32_t)&vectors;
  const uint32_t *from = data_load;
  for (uint32_t *to = data_start; to < data_end;) {
    *to++ = *from++;
  }
  for (uint32_t *to = bss_start; to < bss_end;) {
    *to++ = 0;
  }
  (void)main();
  stop();
}

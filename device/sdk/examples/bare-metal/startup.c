/* SPDX-License-Identifier: MIT-0 */
/* Vector table and what stands before main. Nothing enables an interrupt. */
#include <stdint.h>

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

int main(void);
void reset_handler(void) __attribute__((noreturn));

static void stop(void) {
  for (;;) __asm__ volatile("" ::: "memory");
}

__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  void (*handlers[47])(void);
} vectors = {
    stack_top,
    {reset_handler, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, stop},
};

/* The agent set VTOR, the stack pointer, and gave every peripheral back as after a reset. */
void reset_handler(void) {
  const uint32_t *from = data_load;
  uint32_t *to;
  for (to = data_start; to < data_end;) *to++ = *from++;
  for (to = bss_start; to < bss_end;) *to++ = 0;
  (void)main();
  for (;;) __asm__ volatile("" ::: "memory");
}

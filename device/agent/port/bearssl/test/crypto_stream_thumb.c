/*
 * The crypto runner as machine code. The test bench has three registers: reading +0 gives the next byte of the
 * request, writing +4 appends a byte to the answer, writing +8 ends the answer.
 */
#include "crypto_runner.h"

#define BENCH(offset) (*(volatile uint32_t *)(0x40000000u + (offset)))

int32_t stream_get(void) { return (int32_t)BENCH(0u); }
void stream_put(uint8_t byte) { BENCH(4u) = byte; }
void stream_flush(void) { BENCH(8u) = 1; }

extern uint32_t bench_data_load[], bench_data_start[], bench_data_end[], bench_bss_start[], bench_bss_end[];
extern uint32_t bench_stack_top[];

static void reset(void) {
  const uint32_t *from = bench_data_load;
  uint32_t *to;
  for (to = bench_data_start; to < bench_data_end;) *to++ = *from++;
  for (to = bench_bss_start; to < bench_bss_end;) *to++ = 0;
  crypto_runner();
  for (;;) __asm__ volatile("bkpt 0");
}

static void fault(void) {
  for (;;) __asm__ volatile("bkpt 1");
}

typedef struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {bench_stack_top, {reset, fault, fault}};

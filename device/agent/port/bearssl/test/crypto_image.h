/* What the crypto runner needs as machine code: vectors for bench.ld, and RAM as C wants it. */
#ifndef CRYPTO_IMAGE_H
#define CRYPTO_IMAGE_H

#include <stdint.h>

extern uint32_t bench_data_load[], bench_data_start[], bench_data_end[], bench_bss_start[], bench_bss_end[];
extern uint32_t bench_stack_top[];

typedef struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vector_table;

#define CRYPTO_VECTORS(reset, fault) \
  __attribute__((section(".vectors"), used)) static const vector_table vectors = {bench_stack_top, {reset, fault, fault}}

static inline void fill_ram(void) {
  const uint32_t *from = bench_data_load;
  uint32_t *to;
  for (to = bench_data_start; to < bench_data_end;) *to++ = *from++;
  for (to = bench_bss_start; to < bench_bss_end;) *to++ = 0;
}

#endif

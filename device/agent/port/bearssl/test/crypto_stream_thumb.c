/*
 * The crypto runner as machine code. The test bench has three registers: reading +0 gives the next byte of
 * the request, writing +4 appends a byte to the answer, writing +8 ends the answer.
 */
#include "crypto_image.h"
#include "crypto_runner.h"

#define BENCH(offset) (*(volatile uint32_t *)(0x40000000u + (offset)))

int32_t stream_get(void) { return (int32_t)BENCH(0u); }
void stream_put(uint8_t byte) { BENCH(4u) = byte; }
void stream_flush(void) { BENCH(8u) = 1; }

static void reset(void) {
  fill_ram();
  crypto_runner();
  for (;;) __asm__ volatile("bkpt 0");
}

static void fault(void) {
  for (;;) __asm__ volatile("bkpt 1");
}

CRYPTO_VECTORS(reset, fault);

/*
 * The crypto runner as machine code on QEMU: standard input and output of QEMU itself, by semihosting (Arm,
 * "Semihosting for AArch32 and AArch64", ARM IHI 0100: SYS_OPEN, SYS_WRITE, SYS_READ, SYS_EXIT).
 */
#include "crypto_image.h"
#include "crypto_runner.h"

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT = 0x18 };
enum { MODE_READ_BINARY = 1, MODE_WRITE_BINARY = 5 };
#define STOPPED_BY_APPLICATION_EXIT 0x20026u

static uint8_t incoming[4096];
static uint8_t outgoing[4096];
static uint32_t taken, available, waiting;
static uint32_t input, output;

static uint32_t host(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static uint32_t open(uint32_t mode) {
  static const char console[] = ":tt";
  const uint32_t arguments[3] = {(uint32_t)console, mode, sizeof console - 1u};
  return host(SYS_OPEN, arguments);
}

int32_t stream_get(void) {
  if (taken == available) {
    const uint32_t arguments[3] = {input, (uint32_t)incoming, sizeof incoming};
    /* The answer is the number of bytes that were not read. */
    available = (uint32_t)sizeof incoming - host(SYS_READ, arguments);
    taken = 0;
    if (available == 0) return -1;
  }
  return (int32_t)incoming[taken++];
}

static void write_out(void) {
  const uint32_t arguments[3] = {output, (uint32_t)outgoing, waiting};
  if (waiting > 0) (void)host(SYS_WRITE, arguments);
  waiting = 0;
}

void stream_put(uint8_t byte) {
  if (waiting == sizeof outgoing) write_out();
  outgoing[waiting++] = byte;
}

void stream_flush(void) {}

static void reset(void) {
  fill_ram();
  input = open(MODE_READ_BINARY);
  output = open(MODE_WRITE_BINARY);
  crypto_runner();
  write_out();
  (void)host(SYS_EXIT, (const void *)STOPPED_BY_APPLICATION_EXIT);
  for (;;) {
  }
}

static void fault(void) {
  (void)host(SYS_EXIT, 0); /* any other reason: QEMU ends with 1 */
  for (;;) {
  }
}

CRYPTO_VECTORS(reset, fault);

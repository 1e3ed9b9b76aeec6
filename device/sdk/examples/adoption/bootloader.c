/* SPDX-License-Identifier: MIT-0 */
/* A plain bootloader: it starts the application when length and checksum are right. Where they are not, or
 * the application asked for it, it waits for another one. */
#include "firmseal.h"
#include "receive.h"
#include "uart.h"

int main(void);
void on_fault(void);

static int is_whole(void) {
  const trailer *end = (const trailer *)(APPLICATION + SLOT_BYTES - sizeof(trailer));
  if (end->magic != TRAILER_MAGIC || end->length > SLOT_BYTES - sizeof(trailer)) return 0;
  return crc_of((const uint8_t *)APPLICATION, end->length) == end->crc;
}

/* Once: the word is taken back. */
static int is_asked(void) {
  int asked = REQUEST == REQUEST_BOOTLOADER;
  REQUEST = 0;
  return asked;
}

static void start(void) {
  const uint32_t *vectors = (const uint32_t *)APPLICATION;
  uint32_t stack = vectors[0];
  uint32_t program = vectors[1];
  *(volatile uint32_t *)0xE000ED08u = APPLICATION;
  __asm__ volatile("dsb\n isb\n msr msp, %0\n bx %1" ::"r"(stack), "r"(program) : "memory");
}

static void wait_for_update(void) {
  for (;;) {
    say("bootloader\r\n");
    while (uart_get() != 'w') continue;
    if (receive(APPLICATION, SLOT_BYTES, 1)) {
      say("written\r\n");
      start();
    }
    say("refused\r\n");
  }
}

void on_fault(void) { wait_for_update(); }

int main(void) {
  uart_open();
  if (!is_asked() && is_whole()) start();
  wait_for_update();
  return 0;
}

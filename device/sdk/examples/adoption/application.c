/* SPDX-License-Identifier: MIT-0 */
/* The application of a product in use. It can call the bootloader for an update (`b`), take a file into free
 * flash (`w`, address, space, length, checksum, bytes) and start what stands at an address (`j`, address). */
#include "firmseal.h"
#include "receive.h"
#include "uart.h"

int main(void);
void on_fault(void);

static void jump(uint32_t address) {
  const uint32_t *vectors = (const uint32_t *)address;
  uint32_t stack = vectors[0];
  uint32_t program = vectors[1];
  __asm__ volatile("msr msp, %0\n bx %1" ::"r"(stack), "r"(program) : "memory");
}

static void reset_into_bootloader(void) {
  REQUEST = REQUEST_BOOTLOADER;
  __asm__ volatile("dsb" ::: "memory");
  *(volatile uint32_t *)0xE000ED0Cu = 0x05FA0004u; /* AIRCR.SYSRESETREQ */
  for (;;) continue;
}

void on_fault(void) {
  say("fault\r\n");
  for (;;) firmseal_feed_watchdog();
}

int main(void) {
  uart_open();
  say("old application\r\n");
  for (;;) {
    uint8_t order = uart_get();
    if (order == 'b') reset_into_bootloader();
    if (order == 'j') jump(get_word());
    if (order == 'w') {
      uint32_t address = get_word();
      uint32_t space = get_word();
      say(receive(address, space, 0) ? "written\r\n" : "refused\r\n");
    }
  }
  return 0;
}

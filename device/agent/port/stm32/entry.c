/*
 * Whether the agent is wanted: a pin level at reset, or a word that the application left in a backup register. The word
 * is taken out when it is read, so that it asks once.
 */
#include "fs_board.h"
#include "fs_stm32.h"

#define SAMPLES 8u

static fs_answer pin_active(void) {
  uint32_t active = 0;
  uint32_t i;
  fs_gpio_clock(FS_ENTRY_GPIO);
  /* Input with the pull that makes an open pin inactive: 1 up, 2 down (RM0090 8.4.4). */
  FS_REGISTER(FS_ENTRY_GPIO + 0x00u) &= ~(3u << (2 * FS_ENTRY_PIN));
  FS_REGISTER(FS_ENTRY_GPIO + 0x0Cu) = (FS_REGISTER(FS_ENTRY_GPIO + 0x0Cu) & ~(3u << (2 * FS_ENTRY_PIN))) |
                                       (FS_ENTRY_LEVEL ? 2u : 1u) << (2 * FS_ENTRY_PIN);
  for (i = 0; i < SAMPLES * 1024u; i++) { /* the pull needs some microseconds */
    if (i % 1024u == 1023u) active += (FS_REGISTER(FS_ENTRY_GPIO + 0x10u) >> FS_ENTRY_PIN & 1u) == FS_ENTRY_LEVEL;
  }
  return active == SAMPLES ? FS_YES : FS_NO;
}

static fs_answer word_left(void) {
  fs_answer answer = FS_NO;
  fs_backup_open();
  if (FS_REGISTER(FS_REQUEST_REGISTER) == FS_REQUEST_WORD) {
    FS_REGISTER(FS_REQUEST_REGISTER) = 0;
    answer = FS_YES;
  }
  fs_backup_close();
  return answer;
}

fs_answer fs_port_entry_requested(void) {
  fs_answer left = word_left();
  return pin_active() == FS_YES || left == FS_YES ? FS_YES : FS_NO;
}

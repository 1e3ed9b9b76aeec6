/*
 * The listen window after a reset (spec/agent.md section 3): how long the link is open before the application
 * boots. Timed by SysTick (Armv7-M Architecture Reference Manual, B3.3; Armv6-M, B3.3), polled.
 */
#include "fs_chip_control.h"
#include "fs_settings.h"
#include "fs_stm32.h"

#define SYSTICK_CTRL FS_REGISTER(0xE000E010u)
#define SYSTICK_LOAD FS_REGISTER(0xE000E014u)
#define SYSTICK_VALUE FS_REGISTER(0xE000E018u)
#define ON_PROCESSOR_CLOCK 5u
#define COUNTED (1u << 16)

static uint32_t left_ms;

void fs_listen_begin(void) {
  fs_board settings;
  fs_settings_read(&settings);
  left_ms = settings.window_ms;
  /* A board without a button: an application that never confirms a boot does not keep the host out. */
  /* Defence listen-after-unconfirmed-boots */
  if (settings.unconfirmed_boots != 0 && fs_unconfirmed_boots() >= settings.unconfirmed_boots &&
      left_ms < FS_BOARD_BOOTS_WINDOW_MS)
    left_ms = FS_BOARD_BOOTS_WINDOW_MS;
  if (left_ms == 0) return;
  fs_link_listen();
  SYSTICK_LOAD = FS_CORE_CLOCK_HZ / 1000u - 1u;
  SYSTICK_VALUE = 0;
  SYSTICK_CTRL = ON_PROCESSOR_CLOCK;
}

fs_answer fs_listen_goes_on(void) {
  fs_watchdog_feed(); /* one that hardware started */
  if (left_ms == 0) return FS_NO;
  if (SYSTICK_CTRL & COUNTED) left_ms--;
  return left_ms > 0 ? FS_YES : FS_NO;
}

void fs_listen_end(void) {
  left_ms = 0;
  SYSTICK_CTRL = 0;
  SYSTICK_LOAD = 0;
  SYSTICK_VALUE = 0;
}

/* Independent watchdog: the same registers in every family (RM0090 21.4, RM0433 45.4): KR
 * +00, PR +04, RLR +08, SR +0C. */
#include "fs_chip_facts.h"
#include "fs_stm32.h"

#define KEY_START 0x0000CCCCu
#define KEY_ACCESS 0x00005555u
#define KEY_FEED 0x0000AAAAu
#define DIVIDE_BY_256 6u
/* 2048 periods of 256 / 32 kHz: 16 s, longer than the longest erase and than any
 * computation between two bytes. */
#define RELOAD 0x7FFu

void fs_watchdog_start(void) {
  FS_REGISTER(FS_IWDG + 0x00u) = KEY_START;
  FS_REGISTER(FS_IWDG + 0x00u) = KEY_ACCESS;
  FS_REGISTER(FS_IWDG + 0x04u) = DIVIDE_BY_256;
  FS_REGISTER(FS_IWDG + 0x08u) = RELOAD;
  /* Both registers are taken over at the slow clock; if that never ends, the watchdog runs
   * with its shorter default. */
  (void)fs_wait_for(FS_IWDG + 0x0Cu, 3u, 0);
  FS_REGISTER(FS_IWDG + 0x00u) = KEY_FEED;
}

/* One that hardware started bites 512 ms after the reset, before an erase, a hash or a signature ends (RM0090
 * table 107). The key that starts does no harm to one that runs. */
void fs_watchdog_meet(void) {
  /* Defence watchdog-met */
  if ((FS_REGISTER(FS_WATCHDOG_OPTION) & FS_WATCHDOG_SOFTWARE) == 0) fs_watchdog_start();
}

void fs_watchdog_feed(void) { FS_REGISTER(FS_IWDG + 0x00u) = KEY_FEED; }

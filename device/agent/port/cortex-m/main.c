/* The agent's main: decide whether to boot, after the listen window, else serve the link.
 * Everything else is in core/. */
#include "fs_agent.h"
#include "fs_chip_control.h"
#include "fs_reception.h"

/* The independent watchdog cannot be stopped again, so it does not run in the listen window. */
static void boot(void) {
  if (fs_agent_boot_prepare() != FS_YES) return;
  fs_listen_begin();
  while (fs_listen_goes_on() == FS_YES && fs_agent_was_asked() != FS_YES) (void)fs_reception_serve();
  fs_listen_end();
  /* Defence asked-is-not-booted: a request that was served may have changed what the preparation found. */
  if (fs_agent_was_asked() == FS_YES) return;
  fs_agent_boot_start();
}

void fs_main(void) {
  fs_watchdog_meet();
  fs_chip_start();
  boot();
  fs_link_start();
  fs_watchdog_start();
  for (;;) {
    /* Between any two bytes there is such a turn; flash and answers feed it too. */
    if (fs_reception_serve() != FS_YES) fs_watchdog_feed();
  }
}

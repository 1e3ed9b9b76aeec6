/* The agent's main: decide whether to boot, else serve the link. Everything else is in core/. */
#include "fs_agent.h"
#include "fs_chip_control.h"

void fs_agent_main(void) {
  fs_chip_start();
  fs_agent_boot();
  fs_link_start();
  fs_watchdog_start();
  for (;;) {
    int32_t byte = fs_link_poll();
    if (byte >= 0) {
      uint8_t one = (uint8_t)byte;
      fs_agent_receive(&one, 1);
    } else {
      fs_watchdog_feed(); /* between any two bytes there is such a turn; flash and answers feed it too */
    }
  }
}

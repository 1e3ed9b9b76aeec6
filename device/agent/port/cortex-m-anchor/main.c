/* The anchor's main in machine code: starts the agent, or loads one. */
#include "fs_anchor.h"
#include "fs_chip_control.h"
#include "fs_cortex.h"
#include "fs_loader.h"

void fs_main(void) {
  fs_watchdog_meet();
  fs_chip_start();
  fs_anchor_boot();
  fs_link_start();
  fs_watchdog_start();
  for (;;) {
    int32_t byte = fs_link_poll();
    uint8_t one = (uint8_t)byte;
    if (byte >= 0) fs_loader_receive(&one, 1);
    else fs_watchdog_feed();
  }
}

void fs_port_boot_agent(uint32_t decided) {
  uint32_t vectors = FS_FLOW_VECTORS(decided);
  uint32_t stack;
  uint32_t program;
  if (vectors != decided) fs_system_reset();
  stack = FS_REGISTER(vectors);
  program = FS_REGISTER(vectors + 4u);
  fs_watchdog_feed();
  fs_chip_stop();
  fs_handover(stack, program, vectors, 0);
}

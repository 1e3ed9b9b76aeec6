/* The anchor's main in machine code. */
#include "fs_anchor.h"
#include "fs_chip_control.h"
#include "fs_cortex.h"

void fs_main(void) {
  fs_watchdog_meet();
  fs_anchor_boot();
  fs_system_reset();
}

void fs_port_boot_agent(uint32_t vectors) {
  uint32_t stack = FS_REGISTER(vectors);
  uint32_t program = FS_REGISTER(vectors + 4u);
  fs_handover(stack, program, vectors, 0);
}

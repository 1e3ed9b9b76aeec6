/* Hand-over of parts whose applications run where they are stored. */
#include "fs_stm32.h"

void fs_port_boot_application(uint32_t decided) {
  uint32_t entry = FS_FLOW_ENTRY(decided);
  uint32_t stack;
  uint32_t program;
  if (entry != decided) fs_system_reset(); /* a bit of the word flipped: it may be another application's address */
  stack = FS_REGISTER(entry);
  program = FS_REGISTER(entry + 4u);
  fs_watchdog_feed();
  fs_chip_stop();
  fs_forget_faults();
  fs_handover(stack, program, entry, 0);
}

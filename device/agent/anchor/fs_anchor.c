/* See fs_anchor.h. */
#include "fs_anchor.h"

#include "fs_chip.h"

void fs_anchor_boot(void) { fs_port_boot_agent(FS_AGENT_START + FS_AGENT_HEADER_LENGTH); }

/* The anchor: what runs first after a reset. */
#ifndef FS_ANCHOR_H
#define FS_ANCHOR_H

#include "fs_result.h"

/* After a reset: starts the agent and does not return. */
void fs_anchor_boot(void);

/* What a port does for the anchor alone: jumps to the agent whose vector table stands there. */
void fs_port_boot_agent(uint32_t vectors) __attribute__((noreturn));

#endif

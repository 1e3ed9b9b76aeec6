/* See fs_agent_floor.h: the agent. */
#include "fs_agent_floor.h"

uint32_t fs_agent_floor(void) { return 0; }

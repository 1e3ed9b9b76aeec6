/*
 * The counter below which the anchor starts and loads no agent, from one-time memory (spec/recovery.md
 * section 5). The agent writes it, once the journal says that a replacement runs (fs_floor.h).
 */
#ifndef FS_AGENT_FLOOR_H
#define FS_AGENT_FLOOR_H

#include <stdint.h>

/* 0 when nothing was written, on a chip without such memory, and in the agent, which holds an image
 * against the one that it runs from. */
uint32_t fs_agent_floor(void);

#endif

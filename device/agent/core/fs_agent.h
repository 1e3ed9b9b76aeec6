/* The agent's entry points, for a port's main. Everything else in core/ is called from these two. */
#ifndef FS_AGENT_H
#define FS_AGENT_H

#include "fs_boot.h"
#include "fs_link.h"

/* After reset: boots the application and does not return, or returns to wait on the link. */
#define fs_agent_boot fs_boot
/* Bytes from the host. */
#define fs_agent_receive fs_link_receive

#endif

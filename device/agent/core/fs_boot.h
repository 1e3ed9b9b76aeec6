/* The decision after a reset: spec/agent.md section 3. */
#ifndef FS_BOOT_H
#define FS_BOOT_H

#include "fs_result.h"

/* Boots the application and does not return, or returns when the agent has to wait on its link. */
void fs_boot(void);

/* The same in two steps, for a port that listens for a while in between (spec/agent.md section 3). FS_NO: the
 * agent is wanted, or the chip has nothing to boot. */
fs_answer fs_boot_prepare(void);
/* Decides and boots, as fs_boot. Not after a request was served: that may have changed what the preparation
 * found. */
void fs_boot_start(void);

#endif

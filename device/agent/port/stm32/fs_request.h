/* What an application and the agent say to each other in FS_REQUEST_REGISTER, over a reset. */
#ifndef FS_REQUEST_H
#define FS_REQUEST_H

#include "fs_registers.h"

/* What an application writes before it resets the chip, to reach the agent: "fsA" and a version. */
#define FS_REQUEST_WORD 0x66734101u
/* What an application on trial writes to be kept: "fsC" and a version. The agent
 * sees it at the next reset. */
#define FS_CONFIRM_WORD 0x66734301u

/* What an application writes to find a receipt in RAM when it runs again: "fsR" and a version. */
#define FS_RECEIPT_WORD 0x66735201u

#endif

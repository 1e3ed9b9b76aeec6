/*
 * A package that the application put into flash: spec/agent.md section 11. The second source of packages
 * beside the link; fs_package and fs_install check and install what comes from either.
 */
#ifndef FS_STAGED_H
#define FS_STAGED_H

/* After a reset, before the decision what boots: installs the package that waits, if there is one, and notes
 * how that ended beside it. Resets the chip where option bytes have to take force first. */
void fs_staged_settle(void);

#endif

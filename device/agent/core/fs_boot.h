/* The decision after a reset: spec/agent.md section 3. */
#ifndef FS_BOOT_H
#define FS_BOOT_H

/* Boots the application and does not return, or returns when the agent has to wait on its link. */
void fs_boot(void);

#endif

/*
 * What the agent leaves in RAM for the application that it boots: spec/agent.md section 10. Nothing in it is
 * a secret, and the agent never reads it.
 */
#ifndef FS_STATUS_H
#define FS_STATUS_H

/* Writes the status block. A receipt follows it if the application asked for one before the reset. */
void fs_status_leave(void);

#endif

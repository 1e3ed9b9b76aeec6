/*
 * "Pending": while the agent works on a request it tells the host how long the answer will take (spec/link.md
 * section 2). Flash, digests, package and license call it; the link says when a request is under way.
 */
#ifndef FS_PENDING_H
#define FS_PENDING_H

#include <stdint.h>

/* A request with this sequence number is under way; fs_pending_end ends it. */
void fs_pending_begin(uint8_t sequence);
void fs_pending_end(void);

/* Tells the host that the next step takes at most so long. Between requests it does nothing. */
void fs_pending_tell(uint32_t milliseconds);

#endif

/* The link with the host: spec/link.md. Frames (COBS, CRC), requests, repeats, pending answers. */
#ifndef FS_LINK_H
#define FS_LINK_H

#include "fs_bytes.h"

/* Longest content of a frame: type, sequence, record index, a record of 4096 bytes, CRC. */
#define FS_CONTENT_MAX (2u + 4u + 48u + 4096u + 4u)
/* Records that may be unanswered: the agent has one buffer, and takes no byte while it works. */
#define FS_WINDOW 1u

/* Bytes as they come; requests are answered before it returns. */
void fs_link_receive(const uint8_t *bytes, uint32_t length);

/* The same for a host that fetches its answers (spec/link.md section 5): they go to fs_usb_frames_put, and what follows an
 * answer, a reset, waits for fs_link_follow. */
void fs_link_exchange(const uint8_t *bytes, uint32_t length);

/* Does what the answer fetched last announced. Does not return when that is a reset. */
void fs_link_follow(void);

/* The frame buffer, for a package that does not come in frames; until it is given back, frames are dropped. */
fs_buffer fs_link_lend(void);
void fs_link_give_back(void);

/* Bytes of an answer, to where its request came from. For fs_frame. */
void fs_link_put(const uint8_t *bytes, uint32_t length);

/* Tells the host that the answer to the request under way takes about so long. Does nothing between requests. */
void fs_link_pending(uint32_t milliseconds);

#endif

/* The link with the host: spec/link.md. Requests, answers, repeats. */
#ifndef FS_LINK_H
#define FS_LINK_H

#include "fs_bytes.h"

/* Bytes as they come; requests are answered before it returns. */
void fs_link_receive(const uint8_t *bytes, uint32_t length);

/* FS_YES once a frame with a right CRC was answered since the reset. */
fs_answer fs_link_was_asked(void);

/* The same for a host that fetches its answers (spec/link.md section 5): they wait in fs_usb_frames, and what
 * follows an answer, a reset, waits for fs_link_follow. */
void fs_link_exchange(const uint8_t *bytes, uint32_t length);

/* Does what the answer fetched last announced. Does not return when that is a reset. */
void fs_link_follow(void);

/* The frame buffer, for a package that does not come in frames; until it is given
 * back, frames are dropped. */
fs_buffer fs_link_lend(void);
void fs_link_give_back(void);

#endif

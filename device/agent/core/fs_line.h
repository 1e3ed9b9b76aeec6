/* The outgoing line: bytes for the host leave by the port's UART, or wait until a USB host fetches them. */
#ifndef FS_LINE_H
#define FS_LINE_H

#include "fs_bytes.h"

/* FS_YES: the host fetches its answers by USB (spec/link.md section 5.4). After a reset it does not. */
void fs_line_fetched_by_host(fs_answer is_fetched);
fs_answer fs_line_is_fetched(void);

/* Sends bytes of a frame. */
void fs_line_put(const uint8_t *bytes, uint32_t length);

#endif

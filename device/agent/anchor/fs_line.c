/* See core/fs_line.h: the anchor has no USB. */
#include "fs_line.h"

#include "fs_port.h"

fs_answer fs_line_is_fetched(void) { return FS_NO; }

void fs_line_put(const uint8_t *bytes, uint32_t length) { fs_port_link_send(bytes, length); }

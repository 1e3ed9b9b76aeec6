/* See fs_line.h. Calls no part of the core but the buffer for USB, so that every part may call it. */
#include "fs_line.h"

#include "fs_port.h"
#include "fs_usb_frames.h"

static fs_answer fetched = FS_NO;

void fs_line_fetched_by_host(fs_answer is_fetched) { fetched = is_fetched; }

fs_answer fs_line_is_fetched(void) { return fetched; }

void fs_line_put(const uint8_t *bytes, uint32_t length) {
  if (fetched == FS_YES) fs_usb_frames_put(bytes, length);
  else fs_port_link_send(bytes, length);
}

/* See fs_usb_frames.h. The longest answer as a frame (2,059 bytes), and a short one ahead of it. */
#include "fs_usb_frames.h"

#define WAITING_MAX 2560u

static uint8_t waiting[WAITING_MAX];
/* Empty until the first clear. fs_line names fs_usb_frames_put alone, so that a port without USB, which never
 * clears, links without `waiting`. */
static fs_buffer room;
static uint32_t taken;
static uint32_t filled;

void fs_usb_frames_clear(void) {
  room.data = waiting;
  room.length = sizeof waiting;
  taken = 0;
  filled = 0;
}

void fs_usb_frames_put(const uint8_t *bytes, uint32_t length) {
  if (taken == filled) {
    taken = 0;
    filled = 0;
  }
  if (length > room.length - filled) length = room.length - filled; /* filled is at most the length */
  memcpy(room.data + filled, bytes, length);
  filled += length;
}

fs_view fs_usb_frames_take(uint32_t most) {
  fs_view found;
  found.data = room.data + taken;
  found.length = filled - taken < most ? filled - taken : most;
  taken += found.length;
  return found;
}

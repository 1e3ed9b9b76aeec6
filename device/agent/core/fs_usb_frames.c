/* See fs_usb_frames.h. The longest answer as a frame (2,059 bytes), and a short one ahead of it. */
#include "fs_usb_frames.h"

#define WAITING_MAX 2560u

static uint8_t waiting[WAITING_MAX];
static uint32_t taken;
static uint32_t filled;

void fs_usb_frames_clear(void) {
  taken = 0;
  filled = 0;
}

void fs_usb_frames_put(const uint8_t *bytes, uint32_t length) {
  if (taken == filled) fs_usb_frames_clear();
  if (length > sizeof waiting - filled) length = sizeof waiting - filled; /* filled is at most the size */
  memcpy(waiting + filled, bytes, length);
  filled += length;
}

fs_view fs_usb_frames_take(uint32_t most) {
  fs_view found;
  found.data = waiting + taken;
  found.length = filled - taken < most ? filled - taken : most;
  taken += found.length;
  return found;
}

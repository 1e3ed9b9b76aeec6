/* See core/fs_agent_floor.h. Entries are of the chip's device key, which stands in its identity. */
#include "fs_agent_floor.h"

#include "fs_chip.h"
#include "fs_flash.h"
#include "fs_floor_cell.h"
#include "fs_slot.h"

#if FS_OTP_LENGTH > 0

typedef struct {
  uint32_t start;
  uint32_t length;
} place;

/* The highest entry that the device key of the identity at `address` made. */
static void rise_by(uint32_t address, uint32_t *floor) {
  uint8_t key[FS_KEY_SIZE];
  fs_hmac keyed;
  fs_floor_cell read;
  uint32_t i;
  if (fs_flash_read(address + FS_IDENTITY_DEVICE_KEY_AT, key, sizeof key) != FS_OK) return;
  /* From the last on: a lower one behind a higher one costs no MAC. */
  for (i = FS_FLOOR_CELL_COUNT; i-- > 0;) {
    if (fs_flash_read(fs_floor_cell_address(i), (uint8_t *)&read, sizeof read) != FS_OK) continue;
    if (read.head != FS_FLOOR_HEAD(FS_FLOOR_AGENT_COUNTER) || read.value <= *floor) continue;
    fs_hmac_init(&keyed, key, sizeof key);
    if (fs_floor_cell_is_own(&read, &keyed, 0) == FS_YES) *floor = read.value;
  }
  fs_wipe(key, sizeof key);
}

/* The original counts alone where there is one. Else both copies do: whatever runs can write one of them. */
uint32_t fs_agent_floor(void) {
  static const place places[] = {{FS_IDENTITY_ORIGINAL_START, FS_IDENTITY_ORIGINAL_LENGTH},
                                 {FS_IDENTITY_START, FS_IDENTITY_LENGTH},
                                 {FS_IDENTITY_COPY_START, FS_IDENTITY_LENGTH}};
  uint32_t floor = 0;
  uint32_t i, at;
  fs_answer original = FS_NO;
  for (i = 0; i < 3 && original == FS_NO; i++)
    for (at = 0; at + FS_IDENTITY_IMAGE_SIZE <= places[i].length; at += FS_IDENTITY_IMAGE_SIZE) {
      if (fs_slot_begins_identity(places[i].start + at) != FS_YES) continue;
      rise_by(places[i].start + at, &floor);
      if (i == 0) original = FS_YES;
    }
  return floor;
}

#else

uint32_t fs_agent_floor(void) { return 0; }

#endif

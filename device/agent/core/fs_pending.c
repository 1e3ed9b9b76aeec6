/* See fs_pending.h. */
#include "fs_pending.h"

#include "fs_frame.h"
#include "fs_line.h"

#define TYPE_PENDING 0xffu

static fs_answer working = FS_NO;
static uint8_t sequence_under_way;

void fs_pending_begin(uint8_t sequence) {
  sequence_under_way = sequence;
  working = FS_YES;
}

void fs_pending_end(void) { working = FS_NO; }

void fs_pending_tell(uint32_t milliseconds) {
  uint8_t content[2 + 4 + 4]; /* type, sequence, time, and room for the CRC */
  if (working != FS_YES) return;
  /* A USB host would fetch it together with the answer, and it would take room from it. */
  if (fs_line_is_fetched() == FS_YES) return;
  content[0] = TYPE_PENDING;
  content[1] = sequence_under_way;
  fs_put_u32le(content + 2, milliseconds);
  fs_frame_send(content, 6);
}

/* The cursor of fs_cbor.h. Its input passed the check; the bounds are checked here all the same. */
#include "fs_cbor.h"

fs_result fs_cbor_done(const fs_cbor *cursor) {
  return cursor->next == cursor->end ? FS_OK : FS_CBOR_SHAPE;
}

/* A head of the major type with an argument in the range. */
static fs_result take(fs_cbor *cursor, uint8_t major, uint32_t least, uint32_t most, uint32_t *argument) {
  fs_cbor_head head;
  FS_TRY_AS(fs_cbor_read_head(cursor, &head), FS_CBOR_SHAPE);
  FS_REQUIRE(head.major == major && head.argument >= least && head.argument <= most, FS_CBOR_SHAPE);
  *argument = (uint32_t)head.argument;
  return FS_OK;
}

fs_result fs_cbor_uint(fs_cbor *cursor, uint32_t most, uint32_t *value) { return take(cursor, 0, 0, most, value); }

static fs_result take_string(fs_cbor *cursor, uint8_t major, uint32_t least, uint32_t most, fs_view *view) {
  uint32_t length;
  FS_TRY(take(cursor, major, least, most, &length));
  /* Defence cbor-string-inside */
  if (length > (uint32_t)(cursor->end - cursor->next)) return FS_CBOR_SHAPE;
  view->data = cursor->next;
  view->length = length;
  cursor->next += length; /* at most what remains */
  return FS_OK;
}

fs_result fs_cbor_bytes(fs_cbor *cursor, uint32_t least, uint32_t most, fs_view *bytes) {
  return take_string(cursor, 2, least, most, bytes);
}

fs_result fs_cbor_text(fs_cbor *cursor, uint32_t least, uint32_t most, fs_view *text) {
  return take_string(cursor, 3, least, most, text);
}

fs_result fs_cbor_array(fs_cbor *cursor, uint32_t least, uint32_t most, uint32_t *count) {
  return take(cursor, 4, least, most, count);
}

fs_result fs_cbor_map(fs_cbor *cursor, uint32_t least, uint32_t most, uint32_t *pairs) {
  return take(cursor, 5, least, most, pairs);
}

fs_result fs_cbor_key(fs_cbor *cursor, uint32_t key) {
  uint32_t found;
  return take(cursor, 0, key, key, &found);
}

fs_answer fs_cbor_null(fs_cbor *cursor) {
  if (cursor->next == cursor->end || *cursor->next != 0xf6) return FS_NO;
  cursor->next++;
  return FS_YES;
}

fs_result fs_cbor_bytes_or_null(fs_cbor *cursor, uint32_t most, fs_view *bytes) {
  bytes->data = 0;
  bytes->length = 0;
  if (fs_cbor_null(cursor) == FS_YES) return FS_OK;
  return fs_cbor_bytes(cursor, 0, most, bytes);
}

fs_result fs_cbor_name(fs_cbor *cursor, uint8_t least_byte, fs_view *text) {
  uint32_t i;
  FS_TRY(fs_cbor_text(cursor, 1, 32, text));
  for (i = 0; i < text->length; i++)
    if (text->data[i] < least_byte || text->data[i] > 0x7e) return FS_CBOR_SHAPE;
  return FS_OK;
}

fs_result fs_cbor_skip(fs_cbor *cursor) {
  /* Each turn takes one head; a head adds at most as many items as bytes remain (the check saw to it), so
   * `due` stays below the length of the input and the loop ends with the input at the latest. */
  uint32_t due = 1;
  while (due > 0) {
    fs_cbor_head head;
    uint32_t rest;
    FS_TRY_AS(fs_cbor_read_head(cursor, &head), FS_CBOR_SHAPE);
    rest = (uint32_t)(cursor->end - cursor->next);
    due--;
    if (head.major < 2 || head.major > 5) continue;
    if (head.argument > rest) return FS_CBOR_SHAPE;
    if (head.major <= 3) cursor->next += (uint32_t)head.argument;
    else due += (uint32_t)head.argument * (head.major == 5 ? 2u : 1u);
    if (due > rest) return FS_CBOR_SHAPE;
  }
  return FS_OK;
}

fs_answer fs_cbor_find_integer(fs_view item, uint32_t key, uint32_t *value) {
  fs_cbor cursor = fs_cbor_open(item);
  uint32_t pairs, i;
  if (fs_cbor_map(&cursor, 0, 0xffffffffu, &pairs) != FS_OK) return FS_NO;
  /* Each turn takes two items or ends the loop, so it ends with the input at the latest. */
  for (i = 0; i < pairs; i++) {
    fs_cbor value_at = cursor;
    fs_cbor_head head;
    uint32_t is_key = fs_cbor_key(&value_at, key) == FS_OK;
    if (fs_cbor_skip(&cursor) != FS_OK) return FS_NO;
    if (is_key) {
      if (fs_cbor_read_head(&cursor, &head) != FS_OK || head.major > 1) return FS_NO;
      *value = head.major == 0 && head.argument < 0xffffffffu ? (uint32_t)head.argument : 0xffffffffu;
      return FS_YES;
    }
    if (fs_cbor_skip(&cursor) != FS_OK) return FS_NO;
  }
  return FS_NO;
}

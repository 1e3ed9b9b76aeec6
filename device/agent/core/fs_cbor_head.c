/* See fs_cbor_head.h. Never reads beyond the end of the cursor. */
#include "fs_cbor_head.h"

fs_cbor fs_cbor_open(fs_view item) {
  fs_cbor cursor;
  cursor.next = item.data;
  cursor.end = item.data + item.length;
  return cursor;
}

fs_result fs_cbor_read_head(fs_cbor *cursor, fs_cbor_head *head) {
  uint8_t initial;
  uint32_t size, i;
  if (cursor->next == cursor->end) return FS_CBOR_TRUNCATED;
  initial = *cursor->next++;
  head->major = (uint8_t)(initial >> 5);
  head->info = initial & 31u;
  head->argument = head->info;
  if (head->info < 24) return FS_OK;
  if (head->info == 31) return FS_CBOR_NOT_DETERMINISTIC;
  if (head->info > 27) return FS_CBOR_TYPE_REFUSED;
  size = 1u << (head->info - 24u);
  if ((uint32_t)(cursor->end - cursor->next) < size) return FS_CBOR_TRUNCATED;
  head->argument = 0;
  for (i = 0; i < size; i++) head->argument = head->argument << 8 | *cursor->next++;
  if (head->argument < (size == 1 ? 24u : 1ull << (4u * size))) return FS_CBOR_NOT_DETERMINISTIC;
  return FS_OK;
}

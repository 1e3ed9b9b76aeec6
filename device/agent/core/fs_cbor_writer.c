/* The writer of fs_cbor.h: shortest forms only; what does not fit is dropped and remembered in the status. */
#include "fs_cbor.h"

fs_writer fs_writer_open(uint8_t *data, uint32_t capacity) {
  fs_writer writer;
  writer.data = data;
  writer.length = 0;
  writer.capacity = capacity;
  writer.status = FS_OK;
  return writer;
}

uint8_t *fs_write_room(fs_writer *writer, uint32_t length) {
  uint8_t *room;
  /* length <= capacity always holds for what was written, so the difference does not wrap. */
  if (writer->status != FS_OK || length > writer->capacity - writer->length) {
    writer->status = FS_ERR_INTERNAL_CHECK_FAILED;
    return 0;
  }
  room = writer->data + writer->length;
  writer->length += length;
  return room;
}

void fs_write_raw(fs_writer *writer, const uint8_t *bytes, uint32_t length) {
  uint8_t *room = fs_write_room(writer, length);
  if (room && length > 0) memcpy(room, bytes, length);
}

static void write_head(fs_writer *writer, uint8_t major, uint32_t argument) {
  uint8_t head[5];
  uint32_t length;
  uint8_t type = (uint8_t)(major << 5);
  if (argument < 24) {
    head[0] = (uint8_t)(type | argument);
    length = 1;
  } else if (argument < 0x100) {
    head[0] = type | 24u;
    head[1] = (uint8_t)argument;
    length = 2;
  } else if (argument < 0x10000) {
    head[0] = type | 25u;
    head[1] = (uint8_t)(argument >> 8);
    head[2] = (uint8_t)argument;
    length = 3;
  } else {
    head[0] = type | 26u;
    fs_put_u32be(head + 1, argument);
    length = 5;
  }
  fs_write_raw(writer, head, length);
}

void fs_write_uint(fs_writer *writer, uint32_t value) { write_head(writer, 0, value); }
void fs_write_negative(fs_writer *writer, uint32_t magnitude_less_one) { write_head(writer, 1, magnitude_less_one); }
void fs_write_array(fs_writer *writer, uint32_t count) { write_head(writer, 4, count); }
void fs_write_map(fs_writer *writer, uint32_t pairs) { write_head(writer, 5, pairs); }
void fs_write_bool(fs_writer *writer, fs_answer value) { write_head(writer, 7, value == FS_YES ? 21 : 20); }
void fs_write_null(fs_writer *writer) { write_head(writer, 7, 22); }

void fs_write_bytes(fs_writer *writer, const uint8_t *bytes, uint32_t length) {
  write_head(writer, 2, length);
  fs_write_raw(writer, bytes, length);
}

void fs_write_text_view(fs_writer *writer, fs_view text) {
  write_head(writer, 3, text.length);
  fs_write_raw(writer, text.data, text.length);
}

void fs_write_text(fs_writer *writer, const char *text) {
  fs_view view;
  uint32_t length = 0;
  while (text[length]) length++;
  view.data = (const uint8_t *)text;
  view.length = length;
  fs_write_text_view(writer, view);
}

uint32_t fs_write_bytes_begin(fs_writer *writer) {
  fs_write_room(writer, 3); /* the longest head: 0x59 and two bytes */
  return writer->length;
}

void fs_write_bytes_end(fs_writer *writer, uint32_t start) {
  uint32_t length = writer->length - start;
  uint32_t head = length < 24 ? 1 : length < 0x100 ? 2 : 3;
  uint8_t *content = writer->data + start;
  if (writer->status != FS_OK) return;
  if (length > 0xffff) {
    writer->status = FS_ERR_INTERNAL_CHECK_FAILED;
    return;
  }
  memmove(content - 3 + head, content, length);
  writer->length = start - 3u;
  write_head(writer, 2, length);
  writer->length += length;
}

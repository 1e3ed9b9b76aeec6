/*
 * Frames. An even first byte: the rest comes over the line as it is. An odd one: the rest is contents, each
 * with its length in 2 bytes, which are put into sound frames and have to come back as they were.
 */
#include <stdlib.h>

#include "fs_frame.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"
#include "fuzz_line.h"

static uint8_t content[600]; /* shorter than the longest input */

void fuzz_find_items(const uint8_t *data, uint32_t size) {
  uint32_t at = 1;
  while (at + 2 <= size && fuzz_add_length16(data, size, at, -1) >= 0)
    at += 2u + ((uint32_t)data[at] | (uint32_t)data[at + 1] << 8);
}

static uint32_t take(const uint8_t *bytes, size_t length, fs_frame_reader *reader) {
  fs_buffer buffer = {content, sizeof content};
  uint32_t taken = 0;
  size_t i;
  for (i = 0; i < length; i++) {
    if (fs_frame_take(reader, &buffer, bytes[i]) != FS_YES) continue;
    taken = reader->length;
    memset(reader, 0, sizeof *reader);
  }
  return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fs_frame_reader reader;
  size_t at = 1;
  memset(&reader, 0, sizeof reader);
  if (size == 0) return 0;
  if (data[0] % 2u == 0) {
    (void)take(data + 1, size - 1, &reader);
    return 0;
  }
  while (at + 2 <= size) {
    uint32_t length = (uint32_t)data[at] | (uint32_t)data[at + 1] << 8;
    const uint8_t *encoded;
    uint32_t encoded_length;
    at += 2;
    if (length > size - at) length = (uint32_t)(size - at);
    encoded_length = fuzz_frame(data + at, length, &encoded);
    if (length >= 2 && length + 4u <= sizeof content) {
      if (take(encoded, encoded_length, &reader) != length + 4u) abort();
      if (memcmp(content, data + at, length) != 0) abort();
    }
    at += length;
  }
  return 0;
}

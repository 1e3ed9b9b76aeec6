/* See fs_frame.h. Decoding happens byte by byte into the one buffer; encoding sends block
 * by block without another. */
#include "fs_frame.h"

#include "fs_line.h"

#define LEAST_CONTENT 6u
#define BLOCK_MOST 254u

static fs_answer complete(const fs_frame_reader *reader, const fs_buffer *buffer) {
  uint32_t length = reader->length;
  /* Defence frame-whole-blocks */
  if (reader->dropping || reader->block_left != 0 || length < LEAST_CONTENT) return FS_NO;
  if (fs_crc32(buffer->data, length - 4u) != fs_get_u32le(buffer->data + length - 4u)) return FS_NO;
  return FS_YES;
}

static void put(fs_frame_reader *reader, const fs_buffer *buffer, uint8_t byte) {
  /* Defence frame-inside-buffer */
  if (reader->length < buffer->length) buffer->data[reader->length++] = byte;
  else reader->dropping = 1;
}

/* A byte that is a code or ends the frame. Kept out of the path of the others. */
static fs_answer __attribute__((noinline)) turn(fs_frame_reader *reader, const fs_buffer *buffer, uint8_t byte) {
  uint32_t zero_due = reader->zero_due;
  if (byte == 0) {
    if (complete(reader, buffer) == FS_YES) return FS_YES;
    memset(reader, 0, sizeof *reader);
    return FS_NO;
  }
  /* n - 1 bytes follow, then a zero unless n is 255 or the frame ends. */
  reader->block_left = byte - 1u;
  reader->zero_due = byte != 0xff;
  if (zero_due) put(reader, buffer, 0);
  return FS_NO;
}

fs_answer fs_frame_take(fs_frame_reader *reader, const fs_buffer *buffer, uint8_t byte) {
  if (byte == 0 || reader->block_left == 0) return turn(reader, buffer, byte);
  reader->block_left--;
  put(reader, buffer, byte);
  return FS_NO;
}

/* A glitch that spoils a length in the sender would send the RAM behind the block. */
static void __attribute__((noinline)) send(const uint8_t *bytes, uint32_t length) {
  volatile uint32_t looked_at = length; /* in memory: the compiler knows that every caller keeps to it */
  /* Defence frame-block-limit */
  if (looked_at > BLOCK_MOST) return;
  fs_line_put(bytes, looked_at);
}

void fs_frame_send(uint8_t *content, uint32_t length) {
  static const uint8_t terminator = 0;
  uint32_t at = 0;
  fs_put_u32le(content + length, fs_crc32(content, length));
  length += 4;
  /* Each turn moves on by a block: up to the next zero, or 254 bytes. The last block may be empty. */
  for (;;) {
    uint32_t count = 0;
    uint8_t code;
    while (at + count < length && count < BLOCK_MOST && content[at + count] != 0) count++;
    code = (uint8_t)(count + 1u);
    send(&code, 1);
    if (count > 0) send(content + at, count);
    at += count;
    if (at >= length) break;
    if (count < BLOCK_MOST) at++; /* the zero that the code stands for */
  }
  send(&terminator, 1);
}

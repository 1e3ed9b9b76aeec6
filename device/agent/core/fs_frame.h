/* Frames on the wire: COBS and CRC, spec/link.md section 1. */
#ifndef FS_FRAME_H
#define FS_FRAME_H

#include "fs_bytes.h"

/* Longest content of a frame: type, sequence, record index, a record of 4096 bytes, CRC. */
#define FS_CONTENT_MAX (2u + 4u + 48u + 4096u + 4u)

/* A receiver's place in a frame. All zeros is the start. */
typedef struct {
  uint32_t length;     /* content so far */
  uint32_t block_left; /* bytes until the next code byte */
  uint8_t zero_due;    /* the block that ends stands before a zero */
  uint8_t dropping;    /* until the next zero byte */
} fs_frame_reader;

/* Takes a byte. FS_YES: a frame with a right CRC stands in the buffer, reader->length bytes with the CRC; the
 * caller clears the reader. FS_NO: not yet, or dropped. */
fs_answer fs_frame_take(fs_frame_reader *reader, const fs_buffer *buffer, uint8_t byte);

/* Takes bytes that are in the middle of a block, up to a zero, as they are; how many, perhaps none. */
uint32_t fs_frame_take_run(fs_frame_reader *reader, const fs_buffer *buffer, const uint8_t *bytes, uint32_t length);

/* Appends the CRC (room for 4 bytes must follow the content) and sends the frame. */
void fs_frame_send(uint8_t *content, uint32_t length);

#endif

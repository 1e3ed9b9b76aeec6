/*
 * The CBOR profile of spec/encoding.md section 1. Two parts: a strict check of a whole item (iterative, no
 * recursion), and a cursor that takes typed values out of an item that passed the check; the cursor stays
 * inside its bytes on any input. And a bounded writer. What the values mean is for the callers.
 */
#ifndef FS_CBOR_H
#define FS_CBOR_H

#include "fs_cbor_head.h"

#define FS_CBOR_DEPTH 8u

/* First depth: 1, or 2 for what stands inside tag 18. FS_OK or the first fault from the first byte on. */
fs_result fs_cbor_check(fs_view item, uint32_t first_depth);

/* FS_OK for well-formed UTF-8: no surrogates, nothing overlong, nothing above U+10FFFF. */
fs_result fs_cbor_utf8(const uint8_t *text, uint32_t length);

/* FS_OK when every byte was taken. */
fs_result fs_cbor_done(const fs_cbor *cursor);

/* Each takes one item, or gives FS_CBOR_SHAPE and leaves the cursor unspecified. */
fs_result fs_cbor_uint(fs_cbor *cursor, uint32_t most, uint32_t *value);
fs_result fs_cbor_bytes(fs_cbor *cursor, uint32_t least, uint32_t most, fs_view *bytes);
fs_result fs_cbor_text(fs_cbor *cursor, uint32_t least, uint32_t most, fs_view *text);
fs_result fs_cbor_array(fs_cbor *cursor, uint32_t least, uint32_t most, uint32_t *count);
fs_result fs_cbor_map(fs_cbor *cursor, uint32_t least, uint32_t most, uint32_t *pairs);
/* Takes exactly this unsigned integer: a map's next key. */
fs_result fs_cbor_key(fs_cbor *cursor, uint32_t key);
/* FS_YES and takes it, when null is next; else FS_NO and takes nothing. */
fs_answer fs_cbor_null(fs_cbor *cursor);
/* null, which gives data 0, or a byte string of at most so many bytes. */
fs_result fs_cbor_bytes_or_null(fs_cbor *cursor, uint32_t most, fs_view *bytes);
/* A text of 1 to 32 bytes from 0x21 (with_space: 0x20) to 0x7E. */
fs_result fs_cbor_name(fs_cbor *cursor, uint8_t least_byte, fs_view *text);
/* Takes one whole item of any type that passed the check. */
fs_result fs_cbor_skip(fs_cbor *cursor);

/* FS_YES when the item is a map with an integer under the key; *value is 0xffffffff for
 * one that does not fit below. */
fs_answer fs_cbor_find_integer(fs_view item, uint32_t key, uint32_t *value);

typedef struct {
  uint8_t *data;
  uint32_t length;
  uint32_t capacity;
  fs_result status; /* FS_OK until something did not fit */
} fs_writer;

fs_writer fs_writer_open(uint8_t *data, uint32_t capacity);
void fs_write_raw(fs_writer *writer, const uint8_t *bytes, uint32_t length);
void fs_write_uint(fs_writer *writer, uint32_t value);
void fs_write_negative(fs_writer *writer, uint32_t magnitude_less_one);
void fs_write_bytes(fs_writer *writer, const uint8_t *bytes, uint32_t length);
void fs_write_text(fs_writer *writer, const char *text);
void fs_write_text_view(fs_writer *writer, fs_view text);
void fs_write_array(fs_writer *writer, uint32_t count);
void fs_write_map(fs_writer *writer, uint32_t pairs);
void fs_write_bool(fs_writer *writer, fs_answer value);
void fs_write_null(fs_writer *writer);
/* A byte string whose content is written in between; `start` is the offset of its content. */
uint32_t fs_write_bytes_begin(fs_writer *writer);
void fs_write_bytes_end(fs_writer *writer, uint32_t start);
/* Room for raw bytes that the caller fills; null when it does not fit. */
uint8_t *fs_write_room(fs_writer *writer, uint32_t length);

#endif

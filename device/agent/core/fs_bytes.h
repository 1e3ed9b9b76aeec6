/*
 * Byte arrays: views, constant-time comparison, wiping that the compiler may not remove, integers of fixed
 * byte order. memcpy, memmove and memset come from the C library or from the port.
 */
#ifndef FS_BYTES_H
#define FS_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fs_result.h"

typedef struct {
  const uint8_t *data;
  uint32_t length;
} fs_view;

typedef struct {
  uint8_t *data;
  uint32_t length;
} fs_buffer;

/* FS_YES when both ranges hold the same bytes; the time depends on the length alone. */
fs_answer fs_equal(const uint8_t *a, const uint8_t *b, uint32_t length);

/* FS_YES when every byte has the value. */
fs_answer fs_all(const uint8_t *bytes, uint32_t length, uint8_t value);

/* Overwrites with zeros, by volatile stores. */
void fs_wipe(void *bytes, uint32_t length);

uint32_t fs_get_u32le(const uint8_t *bytes);
void fs_put_u32le(uint8_t *bytes, uint32_t value);
void fs_put_u32be(uint8_t *bytes, uint32_t value);

/* CRC-32/ISO-HDLC of the bytes. */
uint32_t fs_crc32(const uint8_t *bytes, uint32_t length);

#endif

/* SPDX-License-Identifier: MIT-0 */
/* A file over the UART into flash. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include <stdint.h>

/* What stands in the last 32 bytes of the application's place, once all before it was read back. */
typedef struct {
  uint32_t magic;
  uint32_t length;
  uint32_t crc;
  uint32_t filler[5];
} trailer;

#define TRAILER_MAGIC 0x4C494154u

/* A word behind the RAM of both programs, which a reset leaves (place.template.ld). */
extern volatile uint32_t request[];
#define REQUEST (request[0])
#define REQUEST_BOOTLOADER 0x746F6F62u

void say(const char *text);
uint32_t get_word(void);

/* CRC-32 as zlib has it. */
uint32_t crc_of(const uint8_t *bytes, uint32_t length);

/* Erases the units that hold `space` bytes from `start`, receives length, checksum and as many bytes,
 * in pieces of 1,024 with a point after each, and writes them. With `has_trailer` the trailer last of
 * all. 1 when flash holds the file. */
int receive(uint32_t start, uint32_t space, int has_trailer);

#endif

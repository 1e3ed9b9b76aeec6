/* Sound frames around what a target has: fuzz_frames.c. */
#ifndef FUZZ_LINE_H
#define FUZZ_LINE_H

#include "fs_bytes.h"

/* COBS (Cheshire and Baker) of the content and its CRC, and the zero byte; gives the length. At most 8192
 * bytes of content are taken. Written apart from the core's. */
uint32_t fuzz_frame(const uint8_t *content, uint32_t length, const uint8_t **encoded);

#endif

/* SPDX-License-Identifier: MIT-0 */
/* See receive.h. */
#include "receive.h"

#include <string.h>

#include "firmseal_flash.h"
#include "uart.h"

#define PIECE 1024u

static uint8_t piece[PIECE];

void say(const char *text) {
  while (*text != 0) uart_put((uint8_t)*text++);
  uart_drain();
}

uint32_t get_word(void) {
  uint32_t word = 0;
  uint32_t i;
  for (i = 0; i < 4; i++) word |= (uint32_t)uart_get() << (8 * i);
  return word;
}

uint32_t crc_of(const uint8_t *bytes, uint32_t length) {
  uint32_t crc = 0xFFFFFFFFu;
  uint32_t i, bit;
  for (i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
    if (i % 4096u == 0) firmseal_feed_watchdog();
  }
  return ~crc;
}

static int erase(uint32_t start, uint32_t end) {
  while (start < end) {
    firmseal_unit unit;
    if (firmseal_unit_of(start, &unit) != FIRMSEAL_OK || firmseal_erase(&unit) != FIRMSEAL_OK) return 0;
    start = unit.end;
  }
  return 1;
}

static int write(uint32_t start, uint32_t length) {
  uint32_t done = 0;
  while (done < length) {
    uint32_t count = length - done < PIECE ? length - done : PIECE;
    uint32_t i;
    memset(piece, 0xFF, sizeof piece);
    for (i = 0; i < count; i++) piece[i] = uart_get();
    if (firmseal_program(start + done, piece, (count + 31u) / 32u * 32u) != FIRMSEAL_OK) return 0;
    uart_put('.');
    done += count;
  }
  return 1;
}

int receive(uint32_t start, uint32_t space, int has_trailer) {
  trailer end;
  memset(&end, 0xFF, sizeof end);
  end.magic = TRAILER_MAGIC;
  end.length = get_word();
  end.crc = get_word();
  if (end.length > space - (has_trailer ? sizeof end : 0u)) return 0;
  if (!erase(start, start + space)) return 0;
  uart_put('.');
  if (!write(start, end.length) || crc_of((const uint8_t *)start, end.length) != end.crc) return 0;
  return !has_trailer || firmseal_program(start + space - sizeof end, &end, sizeof end) == FIRMSEAL_OK;
}

/* SPDX-License-Identifier: MIT-0 */
/* See firmseal_flash.h: what is the same for every controller. */
#include <string.h>

#include "firmseal_flash.h"

typedef struct {
  uint32_t bank;
  uint32_t code;
  uint32_t start;
  uint32_t count;
  uint32_t unit_bytes; /* a power of two, and each unit begins at a multiple of it */
} run;

#define X(bank, code, start, count, bytes) {bank, code, start, count, bytes},
static const run runs[] = {FIRMSEAL_ERASE_RUNS(X)};
#undef X

firmseal_result firmseal_unit_of(uint32_t address, firmseal_unit *unit) {
  uint32_t i;
  for (i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    uint32_t offset = address - runs[i].start; /* wraps to a large value below the run */
    if (offset >= runs[i].count * runs[i].unit_bytes) continue;
    unit->start = address & ~(runs[i].unit_bytes - 1u);
    unit->end = unit->start + runs[i].unit_bytes;
    unit->bank = runs[i].bank;
    unit->code = runs[i].code + offset / runs[i].unit_bytes;
    return FIRMSEAL_OK;
  }
  return FIRMSEAL_NO_PLACE;
}

uint32_t firmseal_seen_at(uint32_t address) { return firmseal_banks_exchanged() ? address ^ FIRMSEAL_BANK_BYTES : address; }

int firmseal_is_blank(uint32_t address, uint32_t length) {
  const uint8_t *bytes = (const uint8_t *)firmseal_seen_at(address);
  uint32_t i;
  for (i = 0; i < length && bytes[i] == 0xFFu; i++) continue;
  return i == length;
}

firmseal_result firmseal_program(uint32_t address, const void *bytes, uint32_t length) {
  uint32_t words[FIRMSEAL_WRITE_UNIT_BYTES / 4];
  const uint8_t *from = bytes;
  uint32_t done;
  if (address % FIRMSEAL_WRITE_UNIT_BYTES != 0 || length % FIRMSEAL_WRITE_UNIT_BYTES != 0) return FIRMSEAL_NO_PLACE;
  for (done = 0; done < length; done += FIRMSEAL_WRITE_UNIT_BYTES) {
    uint32_t place = firmseal_seen_at(address + done);
    memcpy(words, from + done, sizeof words);
    if (firmseal_controller_program(place, words, sizeof words / 4) != FIRMSEAL_OK) return FIRMSEAL_FLASH_FAILED;
    if (memcmp((const void *)place, words, sizeof words) != 0) return FIRMSEAL_FLASH_FAILED;
  }
  return FIRMSEAL_OK;
}

firmseal_result firmseal_erase(const firmseal_unit *unit) {
  firmseal_feed_watchdog();
  if (firmseal_controller_erase(unit) != FIRMSEAL_OK) return FIRMSEAL_FLASH_FAILED;
  firmseal_feed_watchdog();
  return firmseal_is_blank(unit->start, unit->end - unit->start) ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}

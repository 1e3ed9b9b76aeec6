/* SPDX-License-Identifier: MIT-0 */
/* See firmseal.h. A staged package: request (32 bytes), result (32 bytes), then the file. */
#include <string.h>

#include "firmseal_flash.h"

#define REQUEST_WORD 0x66735001u
#define RESULT_WORD 0x66734401u
#define MARK_WORDS 8u
#define MARK_BYTES 32u
#define FILE_AT 64u

typedef struct {
  uint32_t start;
  uint32_t length;
} slot;

#define X(store, length, link) {store, length},
static const slot slots[] = {FIRMSEAL_SLOTS(X)};
#undef X

/* Word, value, both inverted; the same again. */
static void make_mark(uint32_t words[MARK_WORDS], uint32_t word, uint32_t value) {
  uint32_t i;
  for (i = 0; i < MARK_WORDS; i++) {
    words[i] = i & 1u ? value : word;
    if (i & 2u) words[i] = ~words[i];
  }
}

/* Slots are multiples of erase units, so behind the start of one there is room for both marks. */
static int fits(uint32_t start, uint32_t length) {
  uint32_t i;
  for (i = 0; i < sizeof slots / sizeof slots[0]; i++) {
    uint32_t offset = start - slots[i].start; /* wraps to a large value below the slot */
    if (offset < slots[i].length && length <= slots[i].length - offset - FILE_AT) return 1;
  }
  return 0;
}

firmseal_result firmseal_stage_begin(firmseal_stage *stage, uint32_t start, uint32_t length) {
  firmseal_unit unit;
  uint32_t address;
  if (firmseal_unit_of(start, &unit) != FIRMSEAL_OK || unit.start != start || !fits(start, length))
    return FIRMSEAL_NO_PLACE;
  memset(stage, 0, sizeof *stage);
  stage->start = start;
  stage->length = length;
  for (address = start; address < start + FILE_AT + length; address = unit.end) {
    if (firmseal_unit_of(address, &unit) != FIRMSEAL_OK) return FIRMSEAL_NO_PLACE;
    if (firmseal_erase(&unit) != FIRMSEAL_OK) return FIRMSEAL_FLASH_FAILED;
  }
  return FIRMSEAL_OK;
}

/* What is held, filled up with 0xFF. */
static firmseal_result put(firmseal_stage *stage) {
  uint32_t address = stage->start + FILE_AT + stage->written - stage->held;
  memset((uint8_t *)stage->unit + stage->held, 0xFF, FIRMSEAL_WRITE_UNIT_BYTES - stage->held);
  stage->held = 0;
  return firmseal_program(address, stage->unit, FIRMSEAL_WRITE_UNIT_BYTES);
}

firmseal_result firmseal_stage_write(firmseal_stage *stage, const void *bytes, uint32_t count) {
  const uint8_t *from = bytes;
  if (count > stage->length - stage->written) return FIRMSEAL_NO_PLACE;
  while (count > 0) {
    uint32_t piece = FIRMSEAL_WRITE_UNIT_BYTES - stage->held;
    if (piece > count) piece = count;
    memcpy((uint8_t *)stage->unit + stage->held, from, piece);
    stage->held += piece;
    stage->written += piece;
    from += piece;
    count -= piece;
    if (stage->held == FIRMSEAL_WRITE_UNIT_BYTES && put(stage) != FIRMSEAL_OK) return FIRMSEAL_FLASH_FAILED;
  }
  return FIRMSEAL_OK;
}

firmseal_result firmseal_stage_request(firmseal_stage *stage) {
  uint32_t words[MARK_WORDS];
  if (stage->length == 0 || stage->written != stage->length) return FIRMSEAL_NOTHING_THERE;
  if (stage->held > 0 && put(stage) != FIRMSEAL_OK) return FIRMSEAL_FLASH_FAILED;
  make_mark(words, REQUEST_WORD, stage->length);
  return firmseal_program(stage->start, words, MARK_BYTES);
}

firmseal_result firmseal_stage_result(uint32_t start, uint32_t *fault) {
  uint32_t words[MARK_WORDS];
  const uint32_t *left = (const uint32_t *)firmseal_seen_at(start + MARK_BYTES);
  make_mark(words, RESULT_WORD, left[1]);
  *fault = left[1];
  return memcmp(words, left, MARK_BYTES) == 0 ? FIRMSEAL_OK : FIRMSEAL_NOTHING_THERE;
}

/*
 * The mutator of the targets that are behind signatures (libFuzzer's LLVMFuzzerCustomMutator). Half of the
 * mutations are libFuzzer's own, blind. The other half changes one item, then the lengths of all that
 * holds it, then signatures and tags: the target runs with checks that note what would have been right,
 * and that is put where the wrong one stood.
 */
#include "fuzz_forge.h"

#include "fuzz_chip.h"

#define INPUT_MAX 16384u
#define NOTES_MAX 16u
#define PASSES 4u

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

int fuzz_is_forging;

static struct {
  uint8_t wrong[64], right[64];
  uint32_t length;
} notes[NOTES_MAX];
static uint32_t note_count;

void fuzz_note_forgery(const uint8_t *wrong, const uint8_t *right, uint32_t length) {
  if (note_count == NOTES_MAX || length > sizeof notes[0].wrong) return;
  memcpy(notes[note_count].wrong, wrong, length);
  memcpy(notes[note_count].right, right, length);
  notes[note_count++].length = length;
}

static fuzz_item items[FUZZ_ITEMS_MAX];
static uint32_t item_count;
static uint32_t state;

static uint32_t draw(uint32_t limit) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % limit;
}

static int32_t add(fuzz_kind kind, uint32_t start, uint32_t content, uint32_t end, int32_t parent) {
  fuzz_item *item;
  if (item_count == FUZZ_ITEMS_MAX) return -1;
  item = &items[item_count];
  item->kind = kind;
  item->start = start;
  item->content = content;
  item->end = end;
  item->parent = parent;
  return (int32_t)item_count++;
}

int32_t fuzz_add_length16(const uint8_t *data, uint32_t size, uint32_t start, int32_t parent) {
  uint32_t length;
  if (start > size || size - start < 2) return -1;
  length = (uint32_t)data[start] | (uint32_t)data[start + 1] << 8;
  if (length > size - start - 2) return -1;
  return add(FUZZ_LENGTH16, start, start + 2, start + 2 + length, parent);
}

/* Reads a head; 0 when it is not whole. */
static uint32_t head(const uint8_t *data, uint32_t at, uint32_t end, uint32_t *major, uint32_t *argument) {
  uint32_t info, i;
  uint32_t size = 0;
  if (at >= end) return 0;
  *major = data[at] >> 5;
  info = data[at] & 31u;
  *argument = info;
  if (info < 24) return 1;
  if (info > 26) return 0;
  size = 1u << (info - 24u);
  if (end - at - 1 < size) return 0;
  *argument = 0;
  for (i = 0; i < size; i++) *argument = *argument << 8 | data[at + 1 + i];
  return 1 + size;
}

/* Spans that are still to be walked: byte strings inside of byte strings, without recursion. */
void fuzz_add_cbor(const uint8_t *data, uint32_t start, uint32_t end, int32_t parent) {
  int32_t next = (int32_t)item_count;
  for (;;) {
    uint32_t at = start;
    while (at < end) {
      uint32_t major, argument, length;
      length = head(data, at, end, &major, &argument);
      if (length == 0) break;
      if (major == 2 || major == 3) {
        if (argument > end - at - length) break;
      } else argument = 0;
      (void)add(FUZZ_CBOR_STRING, at, at + length, at + length + argument, parent);
      at += length + argument;
    }
    /* The next byte string that seems to hold an array, a map or a tagged object. */
    for (; next < (int32_t)item_count; next++) {
      const fuzz_item *item = &items[next];
      if (item->kind != FUZZ_CBOR_STRING || item->end - item->content < 2 || data[item->start] >> 5 != 2) continue;
      if (data[item->content] == 0xd2 || (data[item->content] >= 0x80 && data[item->content] < 0xc0)) break;
    }
    if (next >= (int32_t)item_count) return;
    parent = next;
    start = items[next].content;
    end = items[next].end;
    next++;
  }
}

static uint32_t write_head(uint8_t *out, uint32_t major, uint32_t argument) {
  uint32_t size = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;
  uint32_t i;
  out[0] = (uint8_t)(major << 5 | (size == 0 ? argument : 23u + (size == 4 ? 3u : size)));
  for (i = 0; i < size; i++) out[1 + i] = (uint8_t)(argument >> (8 * (size - 1 - i)));
  return 1 + size;
}

/* Puts bytes in place of a range; the new size, or the old one when there is no room. */
static uint32_t splice(uint8_t *data, uint32_t size, uint32_t most, const uint32_t range[2], fs_view bytes) {
  uint32_t rest = size - range[1];
  if (range[0] + bytes.length + rest > most) return size;
  memmove(data + range[0] + bytes.length, data + range[1], rest);
  if (bytes.length > 0) memcpy(data + range[0], bytes.data, bytes.length);
  return range[0] + bytes.length + rest;
}

/* Makes the bytes that replace an item. */
static uint32_t make_item(const uint8_t *data, const fuzz_item *item, uint8_t *out) {
  static const uint32_t edges[] = {0, 1, 2, 4, 5, 16, 23, 24, 31, 32, 64, 96, 255, 256, 1024, 4096, 65535, 65536,
                                   0x7fffffffu, 0x80000000u, 0x08020000u, 0x08100000u, 0xffffffffu};
  uint32_t major, argument;
  uint32_t length = item->end - item->start;
  uint32_t begin = head(data, item->start, item->end, &major, &argument);
  memcpy(out, data + item->start, length);
  if (begin == 0) return length;
  switch (draw(8)) {
    case 0: return 0;                                                         /* away with it */
    case 1: memcpy(out + length, out, length); return 2 * length;             /* twice */
    case 2: return write_head(out, draw(8), draw(30));                        /* another type */
    case 3: out[0] = (uint8_t)(0xf4u + draw(4)); return 1;                    /* false, true, null, undefined */
    default: break;
  }
  if (major == 2 || major == 3) {
    uint8_t content[INPUT_MAX];
    uint32_t size = item->end - item->content;
    memcpy(content, data + item->content, size);
    size = (uint32_t)LLVMFuzzerMutate(content, size, size + 8u);
    begin = write_head(out, major, size);
    memcpy(out + begin, content, size);
    return begin + size;
  }
  argument = draw(2) == 0 ? edges[draw(sizeof edges / sizeof edges[0])] : argument + draw(3) - 1u;
  return write_head(out, major, argument);
}

/* Changes an item, then writes the new lengths of everything that holds it. */
static uint32_t change_item(uint8_t *data, uint32_t size, uint32_t most) {
  uint8_t made[2 * INPUT_MAX + 8];
  const fuzz_item *item;
  fs_view bytes = {made, 0};
  uint32_t range[2];
  int32_t grown, up;
  item_count = 0;
  fuzz_find_items(data, size);
  if (item_count == 0) return (uint32_t)LLVMFuzzerMutate(data, size, most);
  item = &items[draw(item_count)];
  range[0] = item->start;
  range[1] = item->end;
  if (item->kind == FUZZ_LENGTH16) {
    range[0] = item->content; /* its content alone: the length is written below */
    memcpy(made, data + item->content, item->end - item->content);
    bytes.length = (uint32_t)LLVMFuzzerMutate(made, item->end - item->content, item->end - item->content + 16u);
    up = (int32_t)(item - items);
  } else {
    bytes.length = make_item(data, item, made);
    up = item->parent;
  }
  if (size - (range[1] - range[0]) + bytes.length + 64u > most) return size;
  grown = (int32_t)bytes.length - (int32_t)(range[1] - range[0]);
  size = splice(data, size, most, range, bytes);
  for (; up >= 0; up = items[up].parent) {
    const fuzz_item *holder = &items[up];
    uint32_t length = (uint32_t)((int32_t)(holder->end - holder->content) + grown);
    range[0] = holder->start;
    range[1] = holder->content;
    if (holder->kind == FUZZ_LENGTH16) {
      data[holder->start] = (uint8_t)length;
      data[holder->start + 1] = (uint8_t)(length >> 8);
      continue;
    }
    bytes.length = write_head(made, data[holder->start] >> 5, length);
    grown += (int32_t)bytes.length - (int32_t)(range[1] - range[0]);
    size = splice(data, size, most, range, bytes);
  }
  return size;
}

static void put(uint8_t *data, uint32_t size, const uint8_t *wrong, const uint8_t *right, uint32_t length) {
  uint32_t i;
  for (i = 0; size >= length && i <= size - length; i++) {
    if (memcmp(data + i, wrong, length) != 0) continue;
    memcpy(data + i, right, length);
    return;
  }
}

/* A tag stands inside of what is signed: several passes. */
static void sign_anew(uint8_t *data, uint32_t size) {
  uint32_t pass, i;
  for (pass = 0; pass < PASSES; pass++) {
    note_count = 0;
    fuzz_is_forging = 1;
    (void)LLVMFuzzerTestOneInput(data, size);
    fuzz_is_forging = 0;
    if (note_count == 0) return;
    for (i = 0; i < note_count; i++) put(data, size, notes[i].wrong, notes[i].right, notes[i].length);
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
  uint32_t changed;
  state = seed | 1u;
  if (max_size > INPUT_MAX) max_size = INPUT_MAX;
  if (size > max_size) size = max_size;
  if (draw(2) == 0 || size == 0) return LLVMFuzzerMutate(data, size, max_size);
  changed = change_item(data, (uint32_t)size, (uint32_t)max_size);
  sign_anew(data, changed);
  return changed;
}

/* Changes that leave an input sound around them: fuzz_forge.c. A target says where its items are. */
#ifndef FUZZ_FORGE_H
#define FUZZ_FORGE_H

#include "fs_bytes.h"

#define FUZZ_ITEMS_MAX 1024u

/* Who holds an item: how its length is written in front of it. */
typedef enum { FUZZ_CBOR_STRING, FUZZ_LENGTH16 } fuzz_kind;

typedef struct {
  fuzz_kind kind;
  uint32_t start;   /* of its head */
  uint32_t content; /* first byte after the head */
  uint32_t end;
  int32_t parent; /* index, or -1 */
} fuzz_item;

/* Adds what has its length in two bytes, little-endian, at `start`; gives its index, or
 * -1 when it does not fit. */
int32_t fuzz_add_length16(const uint8_t *data, uint32_t size, uint32_t start, int32_t parent);

/* Adds every CBOR item from `start` to `end`, and those inside of byte strings. */
void fuzz_add_cbor(const uint8_t *data, uint32_t start, uint32_t end, int32_t parent);

/* The target's own: adds its items. */
void fuzz_find_items(const uint8_t *data, uint32_t size);

#endif

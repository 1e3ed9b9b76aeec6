/*
 * The strict check of fs_cbor.h: one walk from the first byte to the last, in the order that spec/encoding.md
 * section 1 gives, with a stack of open arrays and maps instead of recursion.
 */
#include "fs_cbor.h"

/* 2^53 - 1, the largest magnitude of an integer. */
#define INTEGER_MOST 0x1fffffffffffffull

typedef struct {
  uint32_t left;      /* items (array) or pairs (map) not yet begun */
  uint8_t is_map;     /* 1: a map */
  uint8_t value_due;  /* a key was read, its value is next */
  uint8_t key_major;  /* of the key ahead; 0xff before the first */
  uint64_t key_value; /* its argument */
} level;

fs_result fs_cbor_utf8(const uint8_t *text, uint32_t length) {
  uint32_t i = 0;
  while (i < length) {
    uint8_t first = text[i];
    uint32_t more, k;
    uint8_t low = 0x80, high = 0xbf; /* bounds of the second byte: RFC 3629 section 4 */
    if (first < 0x80) {
      i++;
      continue;
    }
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) more = 2;
    else if (first >= 0xf0 && first <= 0xf4) more = 3;
    else return FS_CBOR_TEXT_INVALID;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (length - i <= more) return FS_CBOR_TEXT_INVALID; /* i < length, so no wrap */
    for (k = 1; k <= more; k++) {
      uint8_t byte = text[i + k];
      if (byte < low || byte > high) return FS_CBOR_TEXT_INVALID;
      low = 0x80;
      high = 0xbf;
    }
    i += more + 1u;
  }
  return FS_OK;
}

/* The type of an item that is no key; 1 in *open for arrays and maps that take items. */
static fs_result check_type(const fs_cbor_head *head) {
  switch (head->major) {
    case 0: return head->argument <= INTEGER_MOST ? FS_OK : FS_CBOR_TYPE_REFUSED;
    case 1: return head->argument < INTEGER_MOST ? FS_OK : FS_CBOR_TYPE_REFUSED; /* -1 - argument */
    case 2:
    case 3:
    case 4:
    case 5: return FS_OK;
    case 7: return head->info >= 20 && head->info <= 22 ? FS_OK : FS_CBOR_TYPE_REFUSED;
    default: return FS_CBOR_TYPE_REFUSED;
  }
}

static fs_result check_key(level *map, const fs_cbor_head *head) {
  uint8_t before = map->key_major;
  uint64_t value = map->key_value;
  map->key_major = head->major;
  map->key_value = head->argument;
  if (before == 0xff || head->major > before) return FS_OK;
  if (head->major < before) return FS_CBOR_NOT_DETERMINISTIC;
  /* Defence cbor-keys-rise */
  if (head->argument > value) return FS_OK;
  return head->argument == value ? FS_CBOR_DUPLICATE_KEY : FS_CBOR_NOT_DETERMINISTIC;
}

/* Steps over a string's content, or opens an array or a map as the next level. */
static fs_result enter(fs_cbor *cursor, const fs_cbor_head *head, level *next, uint32_t *opened) {
  uint64_t rest = (uint64_t)(cursor->end - cursor->next);
  *opened = 0;
  switch (head->major) {
    case 2:
    case 3:
      if (head->argument > rest) return FS_CBOR_TRUNCATED;
      if (head->major == 3) FS_TRY(fs_cbor_utf8(cursor->next, (uint32_t)head->argument));
      cursor->next += (uint32_t)head->argument; /* at most the rest */
      return FS_OK;
    case 4:
      if (head->argument > rest) return FS_CBOR_TRUNCATED;
      break;
    case 5:
      if (head->argument > rest / 2u) return FS_CBOR_TRUNCATED;
      break;
    default: return FS_OK;
  }
  next->left = (uint32_t)head->argument; /* at most the rest, which is below 2^32 */
  next->is_map = head->major == 5;
  next->value_due = 0;
  next->key_major = 0xff;
  next->key_value = 0;
  *opened = 1;
  return FS_OK;
}

fs_result fs_cbor_check(fs_view item, uint32_t first_depth) {
  level levels[FS_CBOR_DEPTH]; /* levels[d] is open when open > d */
  fs_cbor cursor = fs_cbor_open(item);
  uint32_t open = 0;
  FS_REQUIRE(first_depth >= 1 && first_depth <= FS_CBOR_DEPTH, FS_CBOR_TOO_DEEP);
  for (;;) {
    fs_cbor_head head;
    level *parent = open > 0 ? &levels[open - 1u] : 0;
    uint32_t is_key = parent && parent->is_map && !parent->value_due;
    uint32_t opened;
    FS_TRY(fs_cbor_read_head(&cursor, &head));
    if (is_key && head.major > 1) return FS_CBOR_TYPE_REFUSED;
    FS_TRY(check_type(&head));
    if (first_depth + open > FS_CBOR_DEPTH) return FS_CBOR_TOO_DEEP;
    if (is_key) FS_TRY(check_key(parent, &head));
    if (is_key) {
      parent->value_due = 1;
      continue;
    }
    if (parent) {
      parent->value_due = 0;
      parent->left--; /* only levels with something left stay open */
    }
    /* open < FS_CBOR_DEPTH here, since first_depth is at least 1 and the depth was checked. */
    FS_TRY(enter(&cursor, &head, &levels[open], &opened));
    open += opened;
    while (open > 0 && levels[open - 1u].left == 0) open--;
    if (open == 0) break;
  }
  return cursor.next == cursor.end ? FS_OK : FS_CBOR_TRAILING_BYTES;
}

/*
 * A cursor over CBOR, and the head of an item (RFC 8949 section 3): what the check and the cursor of
 * fs_cbor.h stand on. Others include fs_cbor.h.
 */
#ifndef FS_CBOR_HEAD_H
#define FS_CBOR_HEAD_H

#include "fs_bytes.h"

/* Why the check refused; the callers turn each into the malformed fault of their object. */
enum {
  FS_CBOR_TRUNCATED = 1,
  FS_CBOR_TYPE_REFUSED = 2,
  FS_CBOR_NOT_DETERMINISTIC = 3,
  FS_CBOR_DUPLICATE_KEY = 4,
  FS_CBOR_TOO_DEEP = 5,
  FS_CBOR_TEXT_INVALID = 6,
  FS_CBOR_TRAILING_BYTES = 7,
  FS_CBOR_SHAPE = 8 /* cursor: another type, or out of range */
};

typedef struct {
  const uint8_t *next;
  const uint8_t *end;
} fs_cbor;

fs_cbor fs_cbor_open(fs_view item);

typedef struct {
  uint64_t argument;
  uint8_t major;
  uint8_t info;
} fs_cbor_head;

/* Takes a head in its shortest form: FS_CBOR_TRUNCATED, FS_CBOR_TYPE_REFUSED (28 to 30),
 * FS_CBOR_NOT_DETERMINISTIC. */
fs_result fs_cbor_read_head(fs_cbor *cursor, fs_cbor_head *head);

#endif

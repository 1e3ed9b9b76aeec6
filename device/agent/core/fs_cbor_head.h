/* The head of a CBOR item (RFC 8949 section 3), for the check and the cursor of fs_cbor.h; not for others. */
#ifndef FS_CBOR_HEAD_H
#define FS_CBOR_HEAD_H

#include "fs_cbor.h"

typedef struct {
  uint64_t argument;
  uint8_t major;
  uint8_t info;
} fs_cbor_head;

/* Takes a head in its shortest form: FS_CBOR_TRUNCATED, FS_CBOR_TYPE_REFUSED (28 to 30), FS_CBOR_NOT_DETERMINISTIC. */
fs_result fs_cbor_read_head(fs_cbor *cursor, fs_cbor_head *head);

#endif

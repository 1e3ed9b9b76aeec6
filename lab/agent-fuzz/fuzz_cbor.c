/* The CBOR check and the cursor: what passed the check can be skipped item by item, to exactly the end. */
#include <stdlib.h>

#include "fs_cbor.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"

void fuzz_find_items(const uint8_t *data, uint32_t size) { fuzz_add_cbor(data, 0, size, -1); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fs_view item = {data, (uint32_t)size};
  fs_cbor cursor = fs_cbor_open(item);
  uint32_t value;
  if (fs_cbor_check(item, 1) != FS_OK) {
    fs_view none;
    /* On any other input the cursor stays inside of its bytes. */
    while (fs_cbor_bytes(&cursor, 0, UINT32_MAX, &none) == FS_OK) (void)fs_all(none.data, none.length, 0);
    (void)fs_cbor_skip(&cursor);
    (void)fs_cbor_find_integer(item, 1, &value);
    if (fs_cbor_check(item, 0) == FS_OK || fs_cbor_check(item, FS_CBOR_DEPTH + 1u) == FS_OK) abort();
    return 0;
  }
  (void)fs_cbor_find_integer(item, 1, &value);
  if (fs_cbor_skip(&cursor) != FS_OK) abort();
  if (fs_cbor_done(&cursor) != FS_OK) abort();
  return 0;
}

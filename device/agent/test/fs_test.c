/* Test-only build (-DFS_TEST): lets a test ask the CBOR check directly. Never part of an agent. */
#include "fs_cbor.h"

static uint8_t input[8192];

__attribute__((export_name("fs_test_input"))) uint8_t *test_input(void) { return input; }

__attribute__((export_name("fs_test_cbor"))) uint32_t test_cbor(uint32_t length) {
  fs_view item;
  item.data = input;
  item.length = length <= sizeof input ? length : 0;
  return fs_cbor_check(item, 1);
}

/* The walk over a checked item, which must end at its end. */
__attribute__((export_name("fs_test_cbor_skip"))) uint32_t test_cbor_skip(uint32_t length) {
  fs_view item;
  fs_cbor cursor;
  fs_result result;
  item.data = input;
  item.length = length <= sizeof input ? length : 0;
  cursor = fs_cbor_open(item);
  result = fs_cbor_skip(&cursor);
  return result == FS_OK ? fs_cbor_done(&cursor) : result;
}

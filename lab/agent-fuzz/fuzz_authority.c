/* A delegation and an epoch statement: the statement with its length in 2 bytes (0xffff:
 * none), then the delegation. */
#include "fs_delegation.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"

void fuzz_find_items(const uint8_t *data, uint32_t size) {
  uint32_t start = 2;
  uint32_t length = size < 2 ? 0xffffu : (uint32_t)data[0] | (uint32_t)data[1] << 8;
  if (size < 2) return;
  if (length != 0xffffu && length <= size - 2u) {
    int32_t holder = fuzz_add_length16(data, size, 0, -1);
    start = 2 + length;
    if (length > 0 && data[2] == 0xd2) fuzz_add_cbor(data, 2, start, holder);
  }
  fuzz_add_cbor(data, start, size, -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fs_view statement = {0, 0};
  fs_view object = {data, (uint32_t)size};
  fs_delegation delegation;
  uint32_t epoch = 1;
  if (size < 2) return 0;
  statement.length = (uint32_t)data[0] | (uint32_t)data[1] << 8;
  object.data += 2;
  object.length -= 2;
  if (statement.length <= object.length) {
    statement.data = object.data;
    object.data += statement.length;
    object.length -= statement.length;
  } else statement.length = 0;
  fuzz_chip_restore();
  (void)fs_delegation_verify(object, statement, FS_ROLE_PACKAGE_SIGNER, &epoch, &delegation);
  return 0;
}

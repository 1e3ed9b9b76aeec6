/* A delegation and what else the root signed: an epoch statement or a succession with its length in 2 bytes
 * (0xffff: there is neither), then the delegation. */
#include "fs_delegation.h"
#include "fs_identity.h"
#include "fs_journal.h"
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
  fs_purpose purpose;
  fs_trust trust;
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
  purpose.role = FS_ROLE_PACKAGE_SIGNER;
  purpose.product = fs_identity_product();
  fs_trust_begin(fs_now.root, fs_now.epoch, &trust);
  /* What stands in the place of the statement may be a succession: the one or the other reads it. */
  if (statement.data && fs_trust_follow(statement, purpose.product, &trust) != FS_OK &&
      fs_trust_state(statement, purpose.product, &trust) != FS_OK)
    return 0;
  (void)fs_trust_delegate(object, &purpose, &trust, &delegation);
  return 0;
}

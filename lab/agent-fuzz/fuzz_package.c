/* A byte that says which call of the port fails (0: no call), then a package header. */
#include "fs_package.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"

void fuzz_find_items(const uint8_t *data, uint32_t size) { fuzz_add_cbor(data, 1, size, -1); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t copy[16384];
  fs_view header = {data + 1, (uint32_t)size - 1u};
  fs_buffer writable = {copy, header.length};
  fs_buffer license;
  if (size < 1 || size > sizeof copy) return 0;
  fuzz_chip_restore();
  fuzz_chip_fail_at(data[0]);
  if (FUZZ_RUN(fs_package_accept(header)) != FS_YES) return 0;
  memcpy(copy, header.data, header.length);
  (void)fs_package_license(writable, &license);
  return 0;
}

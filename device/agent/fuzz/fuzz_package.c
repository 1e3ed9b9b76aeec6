/* The package header, whose signatures are believed. */
#include "fs_package.h"
#include "fuzz_port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fs_view header = {data, (uint32_t)size};
  fuzz_chip_restore();
  if (setjmp(fuzz_after_reset) == 0) (void)fs_package_accept(header);
  return 0;
}

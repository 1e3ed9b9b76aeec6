/* A license bundle for an accepted package, behind a byte that says which call of
 * the port fails (0: none). */
#include <stdlib.h>

#include "fs_flow.h"
#include "fs_hello.h"
#include "fs_install.h"
#include "fs_package.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"
#include "fuzz_objects.h"

void fuzz_find_items(const uint8_t *data, uint32_t size) { fuzz_add_cbor(data, 1, size, -1); }

static void accept_package(void) {
  static int is_accepted;
  static const fs_view header = {licensed_header, sizeof licensed_header};
  static uint8_t room[2048];
  fs_writer writer = fs_writer_open(room, sizeof room);
  static const uint8_t zeros[FS_CHALLENGE_MOST];
  static const fs_view challenge = {zeros, sizeof zeros};
  if (is_accepted) return;
  fuzz_chip_restore();
  if (fs_package_accept(header) != FS_OK) abort();
  FS_FLOW_BEGIN(FS_FLOW_IDLE); /* as for each request of the link */
  if (fs_hello_answer(&writer, challenge) != FS_OK) abort(); /* makes the nonce */
  fuzz_chip_keep();
  is_accepted = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t copy[16384]; /* the bundle is decrypted in place */
  fs_buffer bundle = {copy, (uint32_t)size - 1u};
  fs_answer apply;
  if (size < 1 || size > sizeof copy) return 0;
  accept_package();
  fuzz_chip_restore();
  fuzz_chip_fail_at(data[0]);
  memcpy(copy, data + 1, bundle.length);
  (void)FUZZ_RUN(fs_install_license(bundle, &apply));
  return 0;
}

/*
 * Personalization of a chip as delivered: a byte that says which call of the port fails (0: none), the begin
 * request with its length in 2 bytes, the finish request.
 */
#include "fs_hello.h"
#include "fs_personalize.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"

void fuzz_find_items(const uint8_t *data, uint32_t size) {
  int32_t holder = fuzz_add_length16(data, size, 1, -1);
  uint32_t end;
  if (holder < 0) return;
  end = 3u + ((uint32_t)data[1] | (uint32_t)data[2] << 8);
  fuzz_add_cbor(data, 3, end, holder);
  fuzz_add_cbor(data, end, size, -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t room[2048];
  static int is_blank;
  fs_writer answer = fs_writer_open(room, sizeof room);
  fs_view begin, finish;
  if (size < 3) return 0;
  begin.data = data + 3;
  begin.length = (uint32_t)data[1] | (uint32_t)data[2] << 8;
  if (begin.length > size - 3) return 0;
  finish.data = begin.data + begin.length;
  finish.length = (uint32_t)(size - 3u - begin.length);
  if (!is_blank) {
    fuzz_chip_blank();
    fuzz_chip_keep();
    is_blank = 1;
  }
  fuzz_chip_restore();
  fuzz_chip_fail_at(data[0]);
  if (FUZZ_RUN(fs_personalize_begin(begin, &answer)) != FS_YES) return 0;
  if (FUZZ_RUN(fs_personalize_finish(finish)) != FS_YES) return 0;
  (void)FUZZ_RUN(fs_personalize_protect());
  return 0;
}

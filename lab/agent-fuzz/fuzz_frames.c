/* See fuzz_line.h. */
#include "fuzz_line.h"

#define CONTENT_MAX 8192u

static uint8_t plain[CONTENT_MAX + 4u];
static uint8_t wire[CONTENT_MAX + 4u + CONTENT_MAX / 254u + 4u];

uint32_t fuzz_frame(const uint8_t *content, uint32_t length, const uint8_t **encoded) {
  uint32_t out = 1;
  uint32_t code = 0;
  uint32_t i;
  if (length > CONTENT_MAX) length = CONTENT_MAX;
  memcpy(plain, content, length);
  fs_put_u32le(plain + length, fs_crc32(plain, length));
  wire[0] = 1;
  for (i = 0; i < length + 4u; i++) {
    if (plain[i] != 0) {
      wire[out++] = plain[i];
      wire[code]++;
    }
    if (plain[i] == 0 || wire[code] == 0xffu) {
      code = out++;
      wire[code] = 1;
    }
  }
  wire[out++] = 0;
  *encoded = wire;
  return out;
}

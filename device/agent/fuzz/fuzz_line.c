/*
 * The link. The first byte chooses: an even one, and the rest comes over the wire as it is; an odd one, and it is a list of
 * messages (type, length in 2 bytes, body), each put into a sound frame, so that the handlers behind the CRC are
 * reached. A reset in between starts the chip again.
 */
#include <stdlib.h>
#include <string.h>

#include "fs_agent.h"
#include "fs_frame.h"
#include "fuzz_port.h"

static uint8_t content[FS_CONTENT_MAX];
static uint8_t wire[FS_CONTENT_MAX + FS_CONTENT_MAX / 254u + 2u];

/* COBS (Cheshire and Baker) of the content, and the zero byte. */
static uint32_t frame(uint32_t length) {
  uint32_t out = 1;
  uint32_t code = 0;
  uint32_t i;
  wire[0] = 1;
  for (i = 0; i < length; i++) {
    if (content[i] != 0) {
      wire[out++] = content[i];
      wire[code]++;
    }
    if (content[i] == 0 || wire[code] == 0xffu) {
      code = out++;
      wire[code] = 1;
    }
  }
  wire[out++] = 0;
  return out;
}

static void receive(const uint8_t *bytes, uint32_t length) {
  if (setjmp(fuzz_after_reset) == 0) fs_agent_receive(bytes, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t zero;
  volatile size_t used = 1;
  volatile uint8_t sequence = 0;
  fuzz_chip_restore();
  receive(&zero, 1);
  if (size == 0) return 0;
  if (data[0] % 2u == 0) {
    receive(data + 1, (uint32_t)size - 1u);
    return 0;
  }
  while (size - used >= 3) {
    uint32_t length = (uint32_t)data[used + 1] | (uint32_t)data[used + 2] << 8;
    content[0] = data[used];
    content[1] = sequence++;
    used += 3;
    if (length > size - used) length = (uint32_t)(size - used);
    if (length > sizeof content - 6u) length = (uint32_t)sizeof content - 6u;
    memcpy(content + 2, data + used, length);
    used += length;
    fs_put_u32le(content + 2 + length, fs_crc32(content, 2 + length));
    receive(wire, frame(length + 6));
  }
  return 0;
}

/*
 * The USB device. First byte: bit 1 a chip as delivered, bit 2 records have the hash that is awaited, bit
 * 3 a chip at readout level 1. Second byte: which call of the port fails (0: none). Then control
 * requests: 8 bytes of setup packet, and the data of an OUT request, as many as its wLength says. What an
 * answer announced is done after each.
 */
#include <stdlib.h>

#include "fs_agent.h"
#include "fs_session.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"

#define SETUP_SIZE 8u
#define HEAD_OF_FILE 12u

void fuzz_find_items(const uint8_t *data, uint32_t size) {
  uint32_t at = 2;
  while (at + SETUP_SIZE <= size) {
    uint32_t length = (uint32_t)data[at + 6] | (uint32_t)data[at + 7] << 8;
    int32_t holder;
    if (data[at] & 0x80u) {
      at += SETUP_SIZE;
      continue;
    }
    holder = fuzz_add_length16(data, size, at + 6, -1);
    if (holder < 0) return;
    if (length > HEAD_OF_FILE && memcmp(data + at + SETUP_SIZE, "FSEAL", 5) == 0)
      fuzz_add_cbor(data, at + SETUP_SIZE + HEAD_OF_FILE, at + SETUP_SIZE + length, holder);
    at += SETUP_SIZE + length;
  }
}

/* What is answered is looked at, so that nothing of it is outside of its buffer. */
static volatile uint32_t sum;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t at = 2;
  if (size < 2) return 0;
  if (data[0] & 2u) fuzz_chip_blank();
  else fuzz_chip_restore();
  if (data[0] & 8u) fuzz_chip_relax();
  fuzz_chip_fail_at(data[1]);
  while (size - at >= SETUP_SIZE) {
    const uint8_t *setup = data + at;
    fs_view body = {0, 0};
    fs_view answer = {0, 0};
    uint32_t wanted = (uint32_t)setup[6] | (uint32_t)setup[7] << 8;
    fs_answer accepted = FS_NO;
    uint32_t i;
    at += SETUP_SIZE;
    if ((setup[0] & 0x80u) == 0) {
      body.data = data + at;
      body.length = wanted <= size - at ? wanted : (uint32_t)(size - at);
      at += body.length;
    }
    /* Where the record that stands whole in this block is the last, or cut, this makes no difference. */
    if ((data[0] & 4u) && body.length > 48) {
      fs_sha256 hash;
      fs_crypto_sha256_init(&hash);
      fs_crypto_sha256_update(&hash, body.data, body.length);
      fs_crypto_sha256_final(&hash, fs_session.expected);
    }
    if (FUZZ_RUN(accepted = fs_agent_usb_control(setup, body, &answer)) != FS_YES) continue;
    if (accepted == FS_YES) {
      if (answer.length > wanted) abort();
      for (i = 0; i < answer.length; i++) sum += answer.data[i];
    }
    (void)FUZZ_RUN(fs_agent_usb_after());
  }
  return 0;
}

/*
 * The link and every message behind it. First byte: bit 0 messages (else the rest comes over the wire as
 * it is), bit 1 a chip as delivered, bit 2 records have the hash that is awaited, bit 3 a chip at readout
 * level 1. Second byte: which call of the port fails (0: none). A message is type, length in 2 bytes,
 * body; it is put into a sound frame, so that the handlers behind the CRC are reached. Type 0xfe is no
 * message: the power is off for a moment.
 */
#include "fs_agent.h"
#include "fs_session.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"
#include "fuzz_line.h"

#define RECORD 0x22u
#define POWER 0xfeu

static uint8_t content[8192];

void fuzz_find_items(const uint8_t *data, uint32_t size) {
  uint32_t at = 2;
  if (size < 1 || (data[0] & 1u) == 0) return;
  while (at + 3 <= size) {
    uint32_t length = (uint32_t)data[at + 1] | (uint32_t)data[at + 2] << 8;
    int32_t holder = fuzz_add_length16(data, size, at + 1, -1);
    if (holder < 0) return;
    if (data[at] != RECORD && length > 0) fuzz_add_cbor(data, at + 3, at + 3 + length, holder);
    at += 3 + length;
  }
}

/* The record awaited is this one. */
static void await(const uint8_t *record, uint32_t length) {
  fs_sha256 hash;
  fs_crypto_sha256_init(&hash);
  fs_crypto_sha256_update(&hash, record, length);
  fs_crypto_sha256_final(&hash, fs_session.expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t at = 2;
  uint8_t sequence = 0;
  if (size < 2) return 0;
  if (data[0] & 2u) fuzz_chip_blank();
  else fuzz_chip_restore();
  if (data[0] & 8u) fuzz_chip_relax();
  fuzz_chip_fail_at(data[1]);
  if ((data[0] & 1u) == 0) {
    (void)FUZZ_RUN(fs_agent_receive(data + 2, (uint32_t)size - 2u));
    return 0;
  }
  while (size - at >= 3) {
    const uint8_t *encoded;
    uint32_t encoded_length;
    uint32_t length = (uint32_t)data[at + 1] | (uint32_t)data[at + 2] << 8;
    content[0] = data[at];
    content[1] = sequence;
    if (data[at] % 4u != 3u) sequence++; /* else the message before may come again */
    at += 3;
    if (length > size - at) length = (uint32_t)(size - at);
    if (length > sizeof content - 2u) length = (uint32_t)sizeof content - 2u;
    memcpy(content + 2, data + at, length);
    at += length;
    if ((data[0] & 4u) && content[0] == RECORD && length > 4) await(content + 6, length - 4u);
    encoded_length = fuzz_frame(content, length + 2u, &encoded);
    if (content[0] == POWER) (void)fuzz_chip_restart();
    else (void)FUZZ_RUN(fs_agent_receive(encoded, encoded_length));
  }
  return 0;
}

/*
 * Records of a package whose license was accepted: a byte that says which call of the port fails (0:
 * none), then for each record a byte and its length in 2 bytes. Bit 0 of the byte: its hash is the
 * one awaited; bit 1: it is the next in turn (else the index is the byte shifted); bit 2: the hash of
 * what follows is the one that is due.
 */
#include <stdlib.h>

#include "fs_flow.h"
#include "fs_hello.h"
#include "fs_install.h"
#include "fs_package.h"
#include "fs_record.h"
#include "fs_session.h"
#include "fuzz_chip.h"
#include "fuzz_forge.h"
#include "fuzz_objects.h"

void fuzz_find_items(const uint8_t *data, uint32_t size) {
  uint32_t at = 1;
  while (at + 3 <= size) {
    uint32_t length = (uint32_t)data[at + 1] | (uint32_t)data[at + 2] << 8;
    if (fuzz_add_length16(data, size, at + 1, -1) < 0) return;
    at += 3 + length;
  }
}

static void accept_license(void) {
  static int is_accepted;
  static const fs_view header = {recorded_header, sizeof recorded_header};
  static uint8_t room[2048];
  fs_writer writer = fs_writer_open(room, sizeof room);
  fs_buffer bundle = {room, sizeof recorded_license};
  static const uint8_t zeros[FS_CHALLENGE_MOST];
  static const fs_view challenge = {zeros, sizeof zeros}; /* a session license answers one */
  fs_answer apply;
  if (is_accepted) return;
  fuzz_chip_restore();
  if (fs_package_accept(header) != FS_OK) abort();
  FS_FLOW_BEGIN(FS_FLOW_IDLE); /* as for each request of the link */
  if (fs_hello_answer(&writer, challenge) != FS_OK) abort();
  memcpy(room, recorded_license, sizeof recorded_license);
  if (fs_install_license(bundle, &apply) != FS_OK || apply != FS_NO) abort();
  fuzz_chip_keep();
  is_accepted = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t copy[8192];
  size_t at = 1;
  if (size < 1) return 0;
  accept_license();
  fuzz_chip_restore();
  fuzz_chip_fail_at(data[0]);
  while (at + 3 <= size) {
    uint8_t flags = data[at];
    fs_buffer record = {copy, (uint32_t)data[at + 1] | (uint32_t)data[at + 2] << 8};
    uint32_t awaited;
    at += 3;
    if (record.length > size - at) record.length = (uint32_t)(size - at);
    if (record.length > sizeof copy) record.length = sizeof copy;
    memcpy(copy, data + at, record.length);
    at += record.length;
    if (flags & 1u) {
      fs_sha256 hash;
      fs_crypto_sha256_init(&hash);
      fs_crypto_sha256_update(&hash, record.data, record.length);
      fs_crypto_sha256_final(&hash, fs_session.expected);
    }
    if (FUZZ_RUN(fs_install_record(flags & 2u ? fs_session.next_index : flags >> 3, record, &awaited)) != FS_YES) return 0;
  }
  return 0;
}

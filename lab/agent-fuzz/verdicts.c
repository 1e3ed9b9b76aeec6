/*
 * Test-only build for the differential fuzzer (WebAssembly): lets the host ask each parser of the
 * core for its verdict on the bytes in `input`. Every function gives FS_OK or the core's own
 * fault. Never part of an agent.
 */
#include "fs_cose.h"
#include "fs_delegation.h"
#include "fs_frame.h"
#include "fs_hello.h"
#include "fs_identity.h"
#include "fs_install.h"
#include "fs_package.h"
#include "fs_session.h"

#define EXPORT(name) __attribute__((export_name(#name)))
#define IS_MISSING UINT32_MAX
#define ROOM 16384u

static uint8_t input[ROOM];
/* Frames that were taken: each as length in 4 bytes and content. */
static uint8_t output[2u * ROOM];

static fs_view view(uint32_t start, uint32_t length) {
  fs_view bytes;
  bytes.data = input + start;
  bytes.length = length;
  return bytes;
}

EXPORT(verdict_input) uint8_t *verdict_input(void) { return input; }
EXPORT(verdict_output) uint8_t *verdict_output(void) { return output; }

EXPORT(verdict_cbor) uint32_t verdict_cbor(uint32_t length) { return fs_cbor_check(view(0, length), 1); }

EXPORT(verdict_cose) uint32_t verdict_cose(uint32_t typ, uint32_t length) {
  fs_cose cose;
  return fs_cose_open(view(0, length), (fs_typ)typ, ROOM, &cose);
}

/* The delegation, then the succession and the statement, if there are any. */
EXPORT(verdict_authority)
uint32_t verdict_authority(uint32_t role, uint32_t epoch, uint32_t delegation_length, uint32_t succession_length,
                           uint32_t statement_length) {
  fs_delegation delegation;
  fs_trust trust;
  uint32_t end = delegation_length;
  fs_purpose purpose;
  purpose.role = role;
  purpose.product = fs_identity_product();
  fs_trust_begin(fs_now.root, epoch, &trust);
  if (succession_length != IS_MISSING) {
    FS_TRY(fs_trust_follow(view(end, succession_length), purpose.product, &trust));
    end += succession_length;
  }
  if (statement_length != IS_MISSING) FS_TRY(fs_trust_state(view(end, statement_length), purpose.product, &trust));
  return fs_trust_delegate(view(0, delegation_length), &purpose, &trust, &delegation);
}

EXPORT(verdict_header) uint32_t verdict_header(uint32_t length) { return fs_package_accept(view(0, length)); }

/* Makes the nonce that a session license answers. */
EXPORT(verdict_hello) uint32_t verdict_hello(void) {
  fs_writer writer = fs_writer_open(output, sizeof output);
  return fs_hello_answer(&writer, view(0, FS_CHALLENGE_MOST));
}

/* After a header that was accepted. A good license begins the install. */
EXPORT(verdict_license) uint32_t verdict_license(uint32_t length) {
  fs_answer apply;
  fs_buffer bundle;
  bundle.data = input;
  bundle.length = length;
  return fs_install_license(bundle, &apply);
}

/* After a license that was accepted: the record awaited is the one whose hash stands in the input. */
EXPORT(verdict_records_begin) void verdict_records_begin(void) { memcpy(fs_session.expected, input, FS_HASH_SIZE); }

/* The next record; with the last the digests of the areas. */
EXPORT(verdict_record) uint32_t verdict_record(uint32_t length) {
  uint32_t awaited;
  fs_buffer record;
  record.data = input;
  record.length = length;
  return fs_install_record(fs_session.next_index, record, &awaited);
}

/* A stream of bytes from the line, taken in frames of at most `most` bytes; bytes of output. */
EXPORT(verdict_frames) uint32_t verdict_frames(uint32_t length, uint32_t most) {
  static uint8_t content[ROOM];
  fs_frame_reader reader;
  fs_buffer buffer;
  uint32_t written = 0;
  uint32_t i;
  memset(&reader, 0, sizeof reader);
  buffer.data = content;
  buffer.length = most <= ROOM ? most : ROOM;
  for (i = 0; i < length; i++) {
    if (fs_frame_take(&reader, &buffer, input[i]) != FS_YES) continue;
    if (reader.length + 4u > sizeof output - written) return UINT32_MAX;
    fs_put_u32le(output + written, reader.length);
    memcpy(output + written + 4u, content, reader.length);
    written += reader.length + 4u;
    memset(&reader, 0, sizeof reader);
  }
  return written;
}

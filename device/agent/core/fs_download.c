/* See fs_download.h. */
#include "fs_download.h"

#include "fs_estimate.h"
#include "fs_frame.h"
#include "fs_install.h"
#include "fs_link.h"
#include "fs_package.h"
#include "fs_record.h"
#include "fs_session.h"

#define HEAD_SIZE 12u
#define MAGIC_SIZE 8u

typedef enum { STAGE_NONE, STAGE_HEAD, STAGE_HEADER, STAGE_LICENSE, STAGE_RECORD, STAGE_LAST } stage;

static stage at;
static fs_buffer buffer;  /* the link's */
static uint32_t needed;   /* bytes of what is awaited, at most the buffer's length */
static uint32_t gathered; /* of them */

static void await(stage next, uint32_t length) {
  at = next;
  needed = length;
  gathered = 0;
}

void fs_download_begin(void) {
  buffer = fs_link_lend();
  await(STAGE_HEAD, HEAD_SIZE);
}

void fs_download_end(void) {
  if (at == STAGE_NONE) return;
  await(STAGE_NONE, 0);
  fs_session_end();
  fs_link_give_back();
}

fs_answer fs_download_busy(fs_view left) {
  return left.length > 0 || at == STAGE_LICENSE ? FS_YES : FS_NO;
}

uint32_t fs_download_estimate_ms(fs_view left, fs_answer finishing) {
  if (finishing == FS_YES) return at == STAGE_LAST ? fs_estimate_finish_ms() : 0;
  if (at == STAGE_LICENSE) return fs_estimate_license_ms();
  if (left.length < needed - gathered) return 0; /* gathered is at most needed */
  if (at == STAGE_HEADER) return FS_ESTIMATE_HEADER_MS;
  return at == STAGE_RECORD ? FS_ESTIMATE_RECORD_MS : 0;
}

/* "FSEAL", 1, CR, LF, length of the header. */
static fs_result take_head(void) {
  static const uint8_t magic[MAGIC_SIZE] = {0x46, 0x53, 0x45, 0x41, 0x4c, 0x01, 0x0d, 0x0a};
  uint32_t length = fs_get_u32le(buffer.data + MAGIC_SIZE);
  FS_REQUIRE(fs_equal(buffer.data, magic, sizeof magic) == FS_YES, FS_ERR_PACKAGE_MAGIC_WRONG);
  FS_REQUIRE(length <= FS_PACKAGE_HEADER_MAX, FS_ERR_PACKAGE_HEADER_TOO_LARGE);
  FS_STATIC_ASSERT(FS_PACKAGE_HEADER_MAX <= FS_CONTENT_MAX);
  await(STAGE_HEADER, length);
  return FS_OK;
}

static fs_result take_header(void) {
  fs_view header;
  header.data = buffer.data;
  header.length = needed;
  FS_TRY(fs_package_accept(header));
  at = STAGE_LICENSE; /* the header stays in the buffer */
  return FS_OK;
}

static fs_result take_license(void) {
  fs_buffer header;
  fs_buffer license;
  fs_answer apply;
  header.data = buffer.data;
  header.length = needed;
  FS_TRY(fs_package_license(header, &license));
  FS_TRY(fs_install_license(license, &apply));
  FS_REQUIRE(apply == FS_NO, FS_ERR_OPTIONS_APPLIED);
  FS_STATIC_ASSERT(FS_CHUNK_MAX + FS_RECORD_OVERHEAD <= FS_CONTENT_MAX);
  await(STAGE_RECORD, fs_record_length());
  return FS_OK;
}

static fs_buffer held(void) {
  fs_buffer record;
  record.data = buffer.data;
  record.length = needed;
  return record;
}

static fs_result give_record(void) {
  uint32_t awaited;
  FS_TRY(fs_install_record(fs_session.next_index, held(), &awaited));
  await(STAGE_RECORD, fs_record_length());
  return FS_OK;
}

/* The last record, if it is sound, waits for the end of the file: no byte may follow it, and it
 * makes the application valid. Hosts report faults of the download better than faults of its end, so
 * a wrong one is not held back. */
static fs_result take_record(void) {
  if (fs_session.next_index + 1u < fs_session.manifest.record_count) return give_record();
  if (fs_record_matches(held()) != FS_YES) return give_record();
  at = STAGE_LAST;
  return FS_OK;
}

fs_result fs_download_step(fs_view *left) {
  uint32_t length = needed - gathered; /* gathered is at most needed */
  if (at == STAGE_LICENSE) return take_license();
  if (at == STAGE_LAST) return FS_ERR_PACKAGE_OVERLONG;
  if (length > left->length) length = left->length;
  memcpy(buffer.data + gathered, left->data, length);
  gathered += length;
  left->data += length;
  left->length -= length;
  if (gathered < needed) return FS_OK;
  switch (at) {
    case STAGE_HEAD: return take_head();
    case STAGE_HEADER: return take_header();
    case STAGE_RECORD: return take_record();
    default: return FS_ERR_REQUEST_OUT_OF_STATE;
  }
}

fs_answer fs_download_complete(void) { return at == STAGE_LAST ? FS_YES : FS_NO; }

fs_result fs_download_finish(void) {
  FS_REQUIRE(at == STAGE_LAST, FS_ERR_PACKAGE_TRUNCATED);
  return give_record();
}

/* See fs_record.h. */
#include "fs_record.h"

#include "fs_chip_facts.h"
#include "fs_flow.h"
#include "fs_hash.h"
#include "fs_journal.h"
#include "fs_session.h"

/* Moves to the next area of firmware from the ordinal on, and derives its key. */
static void enter_area(uint32_t from) {
  fs_session.area = from;
  fs_session.offset = 0;
  while (fs_session.area < fs_session.manifest.area_count &&
         fs_area_has_records(&fs_session.manifest.areas[fs_session.area]) != FS_YES)
    fs_session.area++;
  fs_session_derive("firmseal/1 area", FS_YES, fs_session.area, fs_session.area_key);
}

void fs_record_begin(void) {
  memcpy(fs_session.expected, fs_session.manifest.first_record, FS_HASH_SIZE);
  fs_session.next_index = 0;
  fs_session.erased = fs_now.progress; /* up to there firmware stays in a resume */
  enter_area(0);
}

/* Written over first: a calculation that is left out does not leave the hash of a record that came before. */
static void __attribute__((noinline)) hash_of(fs_buffer record, uint8_t hash[FS_HASH_SIZE]) {
  memset(hash, 0, FS_HASH_SIZE);
  fs_hash_of(record.data, record.length, hash);
}

/* One pass. The hash is not computed twice: no instruction left out of SHA-256 makes
 * it one that is awaited. */
static fs_result __attribute__((noinline)) check_hash(const uint8_t hash[FS_HASH_SIZE]) {
  /* Defence record-hash */
  FS_DEMAND(fs_equal(hash, fs_session.expected, FS_HASH_SIZE) == FS_YES, FS_ERR_RECORD_HASH_WRONG);
  FS_FLOW_STEP(FS_STEP_RECORD);
  return FS_OK;
}

/* Next hash zero exactly in the last record. */
static fs_result check_next(const uint8_t *next) {
  fs_answer last = fs_session.next_index + 1u == fs_session.manifest.record_count ? FS_YES : FS_NO;
  FS_INSIST(fs_all(next, FS_HASH_SIZE, 0) == last, FS_ERR_RECORD_HASH_WRONG);
  return FS_OK;
}

static fs_result decrypt(fs_buffer chunk, const uint8_t *tag) {
  const fs_area *area = &fs_session.manifest.areas[fs_session.area];
  uint8_t nonce[FS_NONCE_SIZE] = {0};
  uint8_t key[FS_KEY_SIZE];
  volatile fs_result opened; /* in memory: looked at twice */
  fs_view aad;
  fs_put_u32be(nonce, fs_session.area);
  fs_put_u32be(nonce + 4, fs_session.offset / fs_session.manifest.chunk_size);
  /* offset + chunk is at most the area's length: fs_record_take made it so. */
  if (fs_session.offset + chunk.length == area->length) nonce[11] = 1;
  aad.data = fs_session.manifest.core_digest;
  aad.length = FS_HASH_SIZE;
  memcpy(key, fs_session.area_key, sizeof key);
  fs_flow_bind_key(key, FS_FLOW_RECORD_CHECKED);
  opened = fs_crypto_gcm_open(key, nonce, aad, chunk, tag);
  fs_wipe(key, sizeof key);
  FS_INSIST(opened == FS_OK, FS_ERR_RECORD_TAG_WRONG);
  return FS_OK;
}

/* Compares what an interrupted install completed, writes the rest. A unit is erased for the first chunk that
 * reaches it; an agent's place was erased as a whole. */
static fs_result store(uint32_t address, fs_buffer chunk) {
  uint32_t kept = 0;
  fs_place place;
  place.address = address;
  place.length = chunk.length;
  if (fs_now.progress > address) {
    kept = fs_now.progress - address; /* not below address: no wrap */
    if (kept > chunk.length) kept = chunk.length;
    FS_INSIST(fs_flash_holds(address, chunk.data, kept) == FS_YES, FS_ERR_RESUME_CONTENT_DIFFERS);
  }
  if (kept == chunk.length) return FS_OK;
  if (fs_manifest_is_agent(&fs_session.manifest) != FS_YES) {
    FS_TRY(fs_area_erase(place, &fs_session.erased, fs_session.fresh));
  } else if (fs_session.offset == 0) {
    /* Until its head is written it is no image, and the anchor passes it over. */
    kept = sizeof fs_session.head; /* the first chunk of an agent is longer: its header is */
    memcpy(fs_session.head, chunk.data, kept);
  }
  return fs_flash_write(address + kept, chunk.data + kept, chunk.length - kept);
}

/* Journals how far the flash is complete, once a stride of erase units is. Only policy resume asks for it. */
static fs_result note_progress(const fs_area *area) {
  uint32_t end = area->address + fs_session.offset; /* inside flash: no wrap */
  fs_erase_unit unit;
  if (fs_session.manifest.interruption != FS_INTERRUPTION_RESUME || end <= fs_now.progress) return FS_OK;
  FS_TRY(fs_flash_unit_of(end - 1u, &unit));
  /* A unit is complete when the area ends in it, or the next byte is in another unit. */
  if (fs_session.offset != area->length && end != unit.end) end = unit.start;
  else end = unit.end;
  if (end <= fs_now.progress || end - fs_now.progress < FS_PROGRESS_STRIDE_BYTES) return FS_OK;
  return fs_journal_progress(end);
}

/* Length of the chunk awaited, at most the chunk size; 0 when no chunk is awaited. */
static uint32_t chunk_length(void) {
  uint32_t left;
  if (fs_session.area >= fs_session.manifest.area_count) return 0;
  if (fs_session.offset >= fs_session.manifest.areas[fs_session.area].length) return 0;
  left = fs_session.manifest.areas[fs_session.area].length - fs_session.offset; /* as just checked: no wrap */
  return left < fs_session.manifest.chunk_size ? left : fs_session.manifest.chunk_size;
}

uint32_t fs_record_length(void) {
  uint32_t chunk = chunk_length();
  return chunk == 0 ? 0 : chunk + FS_RECORD_OVERHEAD;
}

fs_answer fs_record_matches(fs_buffer record) {
  uint8_t hash[FS_HASH_SIZE];
  if (record.length != fs_record_length()) return FS_NO;
  hash_of(record, hash);
  return fs_equal(hash, fs_session.expected, FS_HASH_SIZE);
}

fs_result fs_record_take(fs_buffer record) {
  const fs_area *area = &fs_session.manifest.areas[fs_session.area];
  uint8_t hash[FS_HASH_SIZE];
  uint8_t next[FS_HASH_SIZE];
  fs_buffer chunk;
  chunk.length = chunk_length();
  FS_REQUIRE(chunk.length > 0, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_REQUIRE(record.length == chunk.length + FS_RECORD_OVERHEAD, FS_ERR_RECORD_LENGTH_WRONG);
  hash_of(record, hash);
  FS_TRY(check_hash(hash));
  /* Defence record-second-look */
  FS_TRY(check_hash(hash));
  memcpy(next, record.data, FS_HASH_SIZE);
  chunk.data = record.data + FS_HASH_SIZE;
  FS_TRY(decrypt(chunk, chunk.data + chunk.length));
  FS_TRY(check_next(next));
  FS_FLOW_INSIST(FS_FLOW_RECORD_CHECKED);
  FS_TRY(store(area->address + fs_session.offset, chunk));
  FS_FLOW_STEP(FS_STEP_STORE);
  fs_session.offset += chunk.length;
  memcpy(fs_session.expected, next, FS_HASH_SIZE);
  fs_session.next_index++; /* at most 65535 */
  if (fs_session.next_index == fs_session.manifest.record_count) return FS_OK;
  FS_TRY(note_progress(area));
  if (fs_session.offset == area->length) enter_area(fs_session.area + 1u);
  return FS_OK;
}

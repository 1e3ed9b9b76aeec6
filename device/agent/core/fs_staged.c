/* See fs_staged.h. */
#include "fs_staged.h"

#include "fs_chip_facts.h"
#include "fs_flash.h"
#include "fs_flow.h"
#include "fs_frame.h"
#include "fs_hash.h"
#include "fs_install.h"
#include "fs_journal.h"
#include "fs_link.h"
#include "fs_package.h"
#include "fs_port.h"
#include "fs_record.h"
#include "fs_session.h"

/* "fsP", "fsD", and a version. */
#define REQUEST_WORD 0x66735001u
#define RESULT_WORD 0x66734401u
/* Word, value, both inverted; the same again. */
#define MARK_WORDS 8u
#define MARK_SIZE 32u
#define RESULT_AT 32u
#define FILE_AT 64u
#define HEAD_SIZE 12u
#define MAGIC_SIZE 8u

FS_STATIC_ASSERT(MARK_SIZE == MARK_WORDS * 4u && MARK_SIZE % FS_FLASH_GRAIN == 0);
FS_STATIC_ASSERT(FS_PACKAGE_HEADER_MAX <= FS_CONTENT_MAX && FS_CHUNK_MAX + FS_RECORD_OVERHEAD <= FS_CONTENT_MAX);

/* Written by the application, or by whoever has it: start is that of an erase unit, and the
 * end lies in the same slot. */
typedef struct {
  fs_erase_unit unit;
  uint32_t end;
} stage;

static uint32_t mark_word(uint32_t index, uint32_t word, uint32_t value) {
  uint32_t which = index & 1u ? value : word;
  return index & 2u ? ~which : which;
}

static fs_answer read_mark(uint32_t address, uint32_t word, uint32_t *value) {
  uint32_t words[MARK_WORDS];
  uint32_t i;
  if (fs_flash_read(address, (uint8_t *)words, sizeof words) != FS_OK) return FS_NO;
  *value = words[1];
  for (i = 0; i < MARK_WORDS && words[i] == mark_word(i, word, *value); i++) continue;
  return i == MARK_WORDS ? FS_YES : FS_NO;
}

/* Where it cannot be written, its unit is erased: what waits is not tried again in any case. */
static void note(const stage *found, uint32_t result) {
  uint32_t words[MARK_WORDS];
  uint32_t i;
  for (i = 0; i < MARK_WORDS; i++) words[i] = mark_word(i, RESULT_WORD, result);
  if (fs_flash_write(found->unit.start + RESULT_AT, (const uint8_t *)words, sizeof words) != FS_OK)
    (void)fs_flash_erase(&found->unit);
}

/* A unit of an application says nothing here, whatever it begins with. */
static fs_answer is_taken(const fs_erase_unit *unit) {
  uint32_t i;
  /* Both counts together are at most FS_AREA_MAX: fs_journal_load looked. */
  for (i = 0; i < fs_now.area_count + fs_now.other.area_count && i < FS_AREA_MAX; i++) {
    const fs_area *area = &fs_now.areas[i];
    /* Inside flash, as the package was that brought them: the sum does not wrap. */
    if (area->address < unit->end && unit->start < area->address + area->length) return FS_YES;
  }
  return FS_NO;
}

/* FS_YES: a request stands at the start of the unit, and nothing beside it. */
static fs_answer waits(const fs_erase_unit *unit, uint32_t slot_end, stage *found) {
  uint32_t length, result;
  if (is_taken(unit) == FS_YES || read_mark(unit->start, REQUEST_WORD, &length) != FS_YES) return FS_NO;
  if (read_mark(unit->start + RESULT_AT, RESULT_WORD, &result) == FS_YES) return FS_NO;
  found->unit = *unit;
  /* A unit is longer than both marks, so the difference does not wrap; nor does the sum then. */
  found->end = length <= slot_end - unit->start - FILE_AT ? unit->start + FILE_AT + length : slot_end;
  if (fs_flash_blank(unit->start + RESULT_AT, MARK_SIZE) == FS_YES) return FS_YES;
  (void)fs_flash_erase(unit); /* power went while a result was written */
  return FS_NO;
}

static fs_answer find(stage *found) {
  uint32_t i, address, end;
  fs_erase_unit unit;
  for (i = 0; i < FS_APP_SLOT_COUNT; i++) { /* each begins with a unit */
    end = fs_app_slots[i].start + fs_app_slots[i].length;
    for (address = fs_app_slots[i].start; address < end; address = unit.end) {
      if (fs_flash_unit_of(address, &unit) != FS_OK) break;
      if (waits(&unit, end, found) == FS_YES) return FS_YES;
    }
  }
  return FS_NO;
}

/* A piece of the file into the buffer. */
static fs_result load(const stage *found, uint32_t offset, fs_buffer piece) {
  uint32_t address = found->unit.start + FILE_AT + offset; /* offset is at most the length of the file */
  FS_REQUIRE(piece.length <= found->end - address, FS_ERR_PACKAGE_TRUNCATED);
  return fs_flash_read(address, piece.data, piece.length);
}

/* "FSEAL", 1, CR, LF, length of the header; then the header, of which the buffer gets the length. */
static fs_result load_header(const stage *found, fs_buffer *buffer) {
  static const uint8_t magic[MAGIC_SIZE] = {0x46, 0x53, 0x45, 0x41, 0x4c, 0x01, 0x0d, 0x0a};
  buffer->length = HEAD_SIZE;
  FS_TRY(load(found, 0, *buffer));
  FS_REQUIRE(fs_equal(buffer->data, magic, sizeof magic) == FS_YES, FS_ERR_PACKAGE_MAGIC_WRONG);
  buffer->length = fs_get_u32le(buffer->data + MAGIC_SIZE);
  FS_REQUIRE(buffer->length <= FS_PACKAGE_HEADER_MAX, FS_ERR_PACKAGE_HEADER_TOO_LARGE);
  return load(found, HEAD_SIZE, *buffer);
}

/* No erase of the install reaches the file. */
static fs_result check_places(const stage *found, const fs_manifest *manifest) {
  fs_erase_unit units;
  uint32_t i;
  for (i = 0; i < manifest->area_count; i++) {
    FS_TRY(fs_area_units(&manifest->areas[i], &units));
    FS_REQUIRE(units.end <= found->unit.start || found->end <= units.start, FS_ERR_STAGED_OVERLAPS);
  }
  return FS_OK;
}

/* The record of a chunk is the awaited one; its own first bytes are the hash of the next. */
static fs_result look_at(fs_view record, uint8_t awaited[FS_HASH_SIZE]) {
  uint8_t hash[FS_HASH_SIZE];
  fs_hash_of(record.data, record.length, hash);
  FS_REQUIRE(fs_equal(hash, awaited, FS_HASH_SIZE) == FS_YES, FS_ERR_RECORD_HASH_WRONG);
  memcpy(awaited, record.data, FS_HASH_SIZE);
  return FS_OK;
}

/* The whole chain, from the signed manifest to the end of the file, before anything is
 * erased for its first record. */
static fs_result look_at_records(const stage *found, fs_buffer buffer, uint32_t offset) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint8_t awaited[FS_HASH_SIZE];
  fs_view record;
  uint32_t i, done, left;
  record.data = buffer.data;
  memcpy(awaited, manifest->first_record, sizeof awaited);
  for (i = 0; i < manifest->area_count; i++) {
    if (fs_area_has_records(&manifest->areas[i]) != FS_YES) continue;
    for (done = 0; done < manifest->areas[i].length; done += manifest->chunk_size) {
      left = manifest->areas[i].length - done;
      buffer.length = (left < manifest->chunk_size ? left : manifest->chunk_size) + FS_RECORD_OVERHEAD;
      record.length = buffer.length;
      FS_TRY(load(found, offset, buffer));
      FS_TRY(look_at(record, awaited));
      offset += buffer.length; /* load looked: it stays inside the file */
    }
  }
  FS_REQUIRE(fs_all(awaited, sizeof awaited, 0) == FS_YES, FS_ERR_RECORD_HASH_WRONG);
  FS_REQUIRE(found->unit.start + FILE_AT + offset == found->end, FS_ERR_PACKAGE_OVERLONG);
  return FS_OK;
}

static fs_result take_records(const stage *found, fs_buffer buffer, uint32_t start) {
  uint32_t offset = start;
  uint32_t awaited = 0;
  fs_result result;
  while (awaited < fs_session.manifest.record_count) {
    buffer.length = fs_record_length();
    FS_TRY(load(found, offset, buffer));
    offset += buffer.length;
    result = fs_install_record(fs_session.next_index, buffer, &awaited);
    if (result == FS_ERR_RESUME_CONTENT_DIFFERS && awaited == 0) offset = start; /* it starts over, once */
    else FS_TRY(result);
  }
  return FS_OK;
}

/* The package that stands is this one, or this one was given up. */
static fs_answer is(const uint8_t digest[FS_HASH_SIZE]) {
  return fs_equal(digest, fs_session.manifest.digest, FS_HASH_SIZE);
}

static fs_result install(const stage *found, fs_buffer buffer) {
  fs_buffer license;
  fs_view header;
  fs_answer apply;
  uint32_t records;
  FS_TRY(load_header(found, &buffer));
  records = HEAD_SIZE + buffer.length;
  header.data = buffer.data;
  header.length = buffer.length;
  FS_TRY(fs_package_accept(header));
  FS_REQUIRE(fs_manifest_is_agent(&fs_session.manifest) != FS_YES, FS_ERR_STAGED_AGENT);
  /* Power went between the end of the install and its note, or an application asks again. */
  if (fs_life_boots() == FS_YES && is(fs_now.manifest_digest) == FS_YES) return FS_OK;
  FS_REQUIRE(fs_now.life_cycle != FS_LIFE_REVERTED || is(fs_now.other.manifest_digest) != FS_YES,
             FS_ERR_STAGED_GIVEN_UP);
  FS_TRY(check_places(found, &fs_session.manifest));
  /* Defence staged-looked-at-first */
  FS_TRY(look_at_records(found, buffer, records));
  FS_TRY(load_header(found, &buffer));
  FS_TRY(fs_package_license(buffer, &license));
  FS_TRY(fs_install_license(license, &apply));
  FS_REQUIRE(apply == FS_NO, FS_ERR_OPTIONS_APPLIED);
  return take_records(found, buffer, records);
}

void fs_staged_settle(void) {
  stage found;
  fs_result result;
  /* A trial comes first; what waits is looked at once it was decided. */
  if (fs_life_on_trial() == FS_YES || find(&found) != FS_YES) return;
  result = install(&found, fs_link_lend());
  fs_link_give_back();
  fs_session_end();
  fs_flow = FS_FLOW_IDLE;
  if (result == FS_ERR_OPTIONS_APPLIED) fs_port_option_launch(); /* and then once more */
  if (result == FS_ERR_SUPPLY_TOO_LOW) return;                   /* at the next reset */
  if (result == FS_ERR_INTERNAL_CHECK_FAILED) (void)fs_journal_recall();
  note(&found, result == FS_OK ? 0 : result);
}

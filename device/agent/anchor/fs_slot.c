/* See fs_slot.h. */
#include "fs_slot.h"

#include "fs_agent_image.h"
#include "fs_chip.h"
#include "fs_flash.h"

#define PIECE 256u
#define IDENTITY_MAGIC 0x44495346u /* "FSID" */
/* The image of an identity is 1,696 bytes (../README.md). */
#define KEPT 1696u

FS_STATIC_ASSERT(KEPT % FS_FLASH_GRAIN == 0 && KEPT <= FS_IDENTITY_LENGTH);

/* A copy of the identity while its erase unit is erased. */
static uint8_t kept[KEPT];

fs_answer fs_slot_same(uint32_t length) {
  uint8_t piece[PIECE];
  uint32_t done = 0;
  while (done < length) {
    /* length is within a slot */
    uint32_t count = length - done < PIECE ? length - done : PIECE;
    if (fs_flash_read(FS_AGENT_START + done, piece, count) != FS_OK) return FS_NO;
    if (fs_flash_holds(FS_AGENT_COPY_START + done, piece, count) != FS_YES) return FS_NO;
    done += count;
  }
  return done == length ? FS_YES : FS_NO;
}

fs_answer fs_slot_begins_identity(uint32_t address) {
  uint8_t magic[4];
  if (fs_flash_read(address, magic, sizeof magic) != FS_OK) return FS_NO;
  return fs_get_u32le(magic) == IDENTITY_MAGIC ? FS_YES : FS_NO;
}

/* The copy that lies in the unit, or 0. */
static uint32_t identity_in(const fs_erase_unit *unit) {
  if (FS_IDENTITY_START >= unit->start && FS_IDENTITY_START < unit->end) return FS_IDENTITY_START;
  if (FS_IDENTITY_COPY_START >= unit->start && FS_IDENTITY_COPY_START < unit->end) return FS_IDENTITY_COPY_START;
  return 0;
}

/* Where the other copy is missing, it is made first: a power cut leaves one. */
static fs_result write_other(uint32_t address) {
  uint32_t other = address == FS_IDENTITY_START ? FS_IDENTITY_COPY_START : FS_IDENTITY_START;
  if (fs_slot_begins_identity(other) == FS_YES || fs_flash_blank(other, KEPT) != FS_YES) return FS_OK;
  return fs_flash_write(other, kept, KEPT);
}

static fs_result erase_unit(const fs_erase_unit *unit) {
  uint32_t identity = identity_in(unit);
  fs_result result;
  if (identity == 0 || fs_slot_begins_identity(identity) != FS_YES) return fs_flash_erase(unit);
  /* When power fails in an erase, the beginning may stay while the cells after it cannot be read: such a copy
   * is lost, and must not keep the agent from being copied. */
  /* Defence anchor-passes-torn-identity */
  if (fs_flash_read(identity, kept, KEPT) != FS_OK) return fs_flash_erase(unit);
  result = write_other(identity);
  if (result == FS_OK) result = fs_flash_erase(unit);
  if (result == FS_OK) result = fs_flash_write(identity, kept, KEPT);
  fs_wipe(kept, sizeof kept);
  return result;
}

fs_result fs_slot_erase(uint32_t slot) {
  uint32_t at = slot;
  while (at < slot + FS_AGENT_LENGTH) {
    fs_erase_unit unit;
    FS_TRY(fs_flash_unit_of(at, &unit));
    /* Only the slot's part of it counts: what lies beside is a copy of the identity, or nothing. */
    if (fs_flash_blank(at, (unit.end < slot + FS_AGENT_LENGTH ? unit.end : slot + FS_AGENT_LENGTH) - at) != FS_YES)
      FS_TRY(erase_unit(&unit));
    at = unit.end;
  }
  return FS_OK;
}

static fs_result copy_part(uint32_t from, uint32_t to, uint32_t start, uint32_t end) {
  uint8_t piece[PIECE];
  uint32_t at = start;
  while (at < end) {
    uint32_t count = end - at < PIECE ? end - at : PIECE;
    FS_TRY(fs_flash_read(from + at, piece, count));
    FS_TRY(fs_flash_write(to + at, piece, count));
    at += count;
  }
  return FS_OK;
}

fs_result fs_slot_copy(uint32_t from, uint32_t to, uint32_t length) {
  FS_REQUIRE(length > FS_AGENT_HEADER_LENGTH && length <= FS_AGENT_LENGTH && length % FS_FLASH_GRAIN == 0,
             FS_ERR_INTERNAL_CHECK_FAILED);
  FS_TRY(fs_slot_erase(to));
  FS_TRY(copy_part(from, to, FS_AGENT_HEAD_BYTES, length));
  return copy_part(from, to, 0, FS_AGENT_HEAD_BYTES);
}

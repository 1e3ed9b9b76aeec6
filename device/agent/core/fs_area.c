/* See fs_area.h. */
#include "fs_area.h"

#include "fs_chip_facts.h"

/* {0: kind, 1: address, 2: length, 3: on update (kind 2) or counter (kind 5)} */
static fs_result read_shape(fs_cbor *cursor, fs_area *area) {
  uint32_t pairs, detail_most;
  FS_TRY(fs_cbor_map(cursor, 3, 4, &pairs));
  FS_TRY(fs_cbor_key(cursor, 0));
  FS_TRY(fs_cbor_uint(cursor, FS_AREA_AGENT, &area->kind));
  FS_REQUIRE(area->kind != 0 && area->kind != FS_AREA_AGENT - 1u, FS_CBOR_SHAPE);
  FS_TRY(fs_cbor_key(cursor, 1));
  FS_TRY(fs_cbor_uint(cursor, 0xffffffffu, &area->address));
  FS_TRY(fs_cbor_key(cursor, 2));
  FS_TRY(fs_cbor_uint(cursor, 0xffffffffu, &area->length));
  FS_REQUIRE(area->length != 0, FS_CBOR_SHAPE);
  FS_REQUIRE(fs_area_has_records(area) == FS_YES || area->length <= FS_SMALL_AREA_MAX, FS_CBOR_SHAPE);
  area->detail = 0;
  FS_REQUIRE(pairs == (area->kind == FS_AREA_GENERATED || area->kind == FS_AREA_AGENT ? 4u : 3u), FS_CBOR_SHAPE);
  if (pairs == 4) {
    detail_most = area->kind == FS_AREA_AGENT ? FS_AGENT_COUNTER_MAX : FS_UPDATE_RENEW;
    FS_TRY(fs_cbor_key(cursor, 3));
    FS_TRY(fs_cbor_uint(cursor, detail_most, &area->detail));
    FS_REQUIRE(area->kind == FS_AREA_AGENT || area->detail >= FS_UPDATE_KEEP, FS_CBOR_SHAPE);
  }
  return FS_OK;
}

fs_result fs_area_read(fs_cbor *cursor, uint64_t end_before, uint32_t data_before, fs_area *area) {
  FS_TRY_AS(read_shape(cursor, area), FS_ERR_AREA_MALFORMED);
  /* Defence area-order */
  FS_REQUIRE(area->address >= end_before, FS_ERR_AREA_MALFORMED);
  /* The end may be 2^32 but not beyond; in 64 bits the sum of two 32-bit values does not wrap. */
  FS_REQUIRE((uint64_t)area->address + area->length <= 0x100000000ull, FS_ERR_AREA_MALFORMED);
  /* One license carries the data of all areas. */
  FS_REQUIRE(area->kind != FS_AREA_DEVICE_DATA || area->length <= FS_SMALL_AREA_MAX - data_before, FS_ERR_AREA_MALFORMED);
  FS_REQUIRE(area->address % FS_FLASH_GRAIN == 0 && area->length % FS_FLASH_GRAIN == 0, FS_ERR_AREA_MISALIGNED);
  memset(area->digest, 0, sizeof area->digest);
  return FS_OK;
}

fs_answer fs_area_has_records(const fs_area *area) {
  return area->kind == FS_AREA_FIRMWARE || area->kind == FS_AREA_AGENT ? FS_YES : FS_NO;
}

fs_place fs_area_place(const fs_area *area) {
  fs_place place;
  place.address = area->address;
  place.length = area->length;
  return place;
}

static fs_answer in_slot(fs_place place) {
  uint32_t i;
  for (i = 0; i < FS_APP_SLOT_COUNT; i++) {
    const fs_range *slot = &fs_app_slots[i];
    /* Each difference is taken after the comparison that keeps it from wrapping. */
    if (place.address < slot->start || place.address - slot->start >= slot->length) continue;
    if (place.length <= slot->length - (place.address - slot->start)) return FS_YES;
  }
  return FS_NO;
}

/* At the start of the second slot of the agent, and no longer than it. */
static fs_answer in_agent_copy(fs_place place) {
  return place.address == FS_AGENT_COPY_START && place.length <= FS_AGENT_LENGTH ? FS_YES : FS_NO;
}

fs_result fs_area_units(const fs_area *area, fs_erase_unit *units) {
  fs_erase_unit last;
  FS_TRY(fs_flash_unit_of(area->address, units));
  /* Inside a slot, so address + length - 1 does not wrap; length is not 0. */
  FS_TRY(fs_flash_unit_of(area->address + area->length - 1u, &last));
  units->end = last.end;
  return FS_OK;
}

fs_result fs_area_check_chip(const fs_area *areas, uint32_t count) {
  uint32_t unit_end_before = 0;
  uint32_t i;
  for (i = 0; i < count; i++) {
    const fs_area *area = &areas[i];
    fs_erase_unit units;
    /* Defence agent-target */
    if (area->kind == FS_AREA_AGENT) FS_DEMAND(in_agent_copy(fs_area_place(area)) == FS_YES, FS_ERR_AGENT_TARGET_WRONG);
    else FS_DEMAND(in_slot(fs_area_place(area)) == FS_YES, FS_ERR_AREA_OUTSIDE_APPLICATION);
    FS_REQUIRE(area->address % FS_WRITE_UNIT_BYTES == 0 && area->length % FS_WRITE_UNIT_BYTES == 0,
               FS_ERR_AREA_MISALIGNED);
    FS_TRY(fs_area_units(area, &units));
    FS_DEMAND(units.start >= unit_end_before, FS_ERR_AREA_OVERLAP);
    unit_end_before = units.end;
    FS_REQUIRE(area->kind != FS_AREA_GENERATED || FS_HAS_RANDOM_GENERATOR, FS_ERR_AREA_KIND_UNSUPPORTED);
  }
  FS_REQUIRE(i == count, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_answer fs_area_in_firmware(const fs_area *areas, uint32_t count, uint32_t address, uint32_t length) {
  uint32_t i;
  for (i = 0; i < count; i++) {
    const fs_area *area = &areas[i];
    if (area->kind != FS_AREA_FIRMWARE || address < area->address) continue;
    if (address - area->address < area->length && length <= area->length - (address - area->address)) return FS_YES;
  }
  return FS_NO;
}

fs_result fs_area_erase(fs_place place, uint32_t *erased, uint32_t fresh) {
  uint32_t address = place.address;
  /* Areas in a journal or an accepted manifest lie inside a slot: their end does not wrap. Every turn reaches
   * the next erase unit, so the loop ends. */
  uint32_t end = place.address + place.length;
  FS_INSIST(in_slot(place) == FS_YES || in_agent_copy(place) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  while (address < end) {
    fs_erase_unit unit;
    FS_TRY(fs_flash_unit_of(address, &unit));
    address = unit.end;
    if (address <= *erased) continue;
    if (fresh == 0 || fs_flash_blank(unit.start, address - unit.start) != FS_YES) FS_TRY(fs_flash_erase(&unit));
    *erased = address;
  }
  return FS_OK;
}

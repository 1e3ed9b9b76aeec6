/* Areas of a manifest: the geometry checks of spec/package.md section 6, steps 6 and
 * 7, and their erase units. */
#ifndef FS_AREA_H
#define FS_AREA_H

#include "fs_cbor.h"
#include "fs_flash.h"

#define FS_AREA_MAX 8u
#define FS_SMALL_AREA_MAX 1024u
#define FS_AGENT_COUNTER_MAX 0x7fffffffu

/* 4 is reserved. */
enum { FS_AREA_FIRMWARE = 1, FS_AREA_GENERATED = 2, FS_AREA_DEVICE_DATA = 3, FS_AREA_AGENT = 5 };
enum { FS_UPDATE_KEEP = 1, FS_UPDATE_RENEW = 2 };

/* As kept in RAM and in the journal. */
typedef struct {
  uint32_t kind;
  uint32_t address;
  uint32_t length;
  uint32_t detail; /* kind 2: FS_UPDATE_...; kind 5: the counter of the agent; else 0 */
  uint8_t digest[32]; /* keyed digest; zeros for kind 2, and for kind 3 until a license was accepted */
} fs_area;

FS_STATIC_ASSERT(sizeof(fs_area) == 48);

/* Where an area is: what is needed to erase it. */
typedef struct {
  uint32_t address;
  uint32_t length;
} fs_place;

/* Reads one area and checks what holds on every chip; `end_before`: the end of the previous area, 0 for the
 * first; `data_before`: bytes of per-device data in the areas before, at most FS_SMALL_AREA_MAX.
 * FS_ERR_AREA_MALFORMED, FS_ERR_AREA_MISALIGNED. Its digest is set to zeros. */
fs_result fs_area_read(fs_cbor *cursor, uint64_t end_before, uint32_t data_before, fs_area *area);

/* FS_YES when records bring its content: firmware, or an agent. */
fs_answer fs_area_has_records(const fs_area *area);

/* Step 7 for all areas of a manifest, in order. */
fs_result fs_area_check_chip(const fs_area *areas, uint32_t count);

/* FS_YES when the length bytes from the address lie inside an area of firmware. */
fs_answer fs_area_in_firmware(const fs_area *areas, uint32_t count, uint32_t address, uint32_t length);

/* From the first to the last of the erase units that an area inside of flash touches.
 * FS_ERR_AREA_OUTSIDE_APPLICATION. */
fs_result fs_area_units(const fs_area *area, fs_erase_unit *units);

/* Erases every unit that the place touches and that ends after the address `*erased`, which moves to the end
 * of the last. `fresh`: not 0 where no erase was ever begun, so that a unit that reads as erased is. */
fs_result fs_area_erase(fs_place place, uint32_t *erased, uint32_t fresh);

fs_place fs_area_place(const fs_area *area);

#endif

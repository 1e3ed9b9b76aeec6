/*
 * Flash as the core uses it: programming that is read back, blank checks, and the erase units of the chip
 * from the generated header. The only caller of the port's flash functions.
 */
#ifndef FS_FLASH_H
#define FS_FLASH_H

#include "fs_bytes.h"

/* Every structure in flash and every area is a multiple of this; so every chip's write unit divides it. */
#define FS_FLASH_GRAIN 32u

typedef struct {
  uint32_t start;
  uint32_t end; /* first address after the unit */
} fs_erase_unit;

fs_result fs_flash_read(uint32_t address, uint8_t *bytes, uint32_t length);

/* Programs and reads back: FS_ERR_FLASH_PROGRAM_FAILED, FS_ERR_FLASH_VERIFY_FAILED. */
fs_result fs_flash_write(uint32_t address, const uint8_t *bytes, uint32_t length);

/* FS_YES when flash holds these bytes, and reads without an ECC error. */
fs_answer fs_flash_holds(uint32_t address, const uint8_t *bytes, uint32_t length);

/* FS_YES when every byte reads as erased. */
fs_answer fs_flash_blank(uint32_t address, uint32_t length);

/* The erase unit that holds the address; FS_ERR_AREA_OUTSIDE_APPLICATION when no unit does. */
fs_result fs_flash_unit_of(uint32_t address, fs_erase_unit *unit);

/* Erases the unit that begins there, telling the host that it takes a while. FS_ERR_FLASH_ERASE_FAILED;
 * FS_ERR_SUPPLY_TOO_LOW, with nothing erased. */
fs_result fs_flash_erase(const fs_erase_unit *unit);

#endif

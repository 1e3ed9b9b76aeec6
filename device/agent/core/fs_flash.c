/* See fs_flash.h. */
#include "fs_flash.h"

#include "fs_chip_facts.h"
#include "fs_pending.h"
#include "fs_port.h"

FS_STATIC_ASSERT(FS_FLASH_GRAIN % FS_WRITE_UNIT_BYTES == 0);

/* Piece in which flash is compared: on the stack, a multiple of every ECC granule. */
#define PIECE 64u

fs_result fs_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  return fs_port_flash_read(address, bytes, length);
}

fs_result fs_flash_write(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint32_t offset = address - FS_FLASH_START; /* wraps to a large value below flash */
  /* A glitch may have made the address: RAM would take the bytes too, without a key. */
  FS_REQUIRE(offset < FS_FLASH_SIZE_BYTES && length <= FS_FLASH_SIZE_BYTES - offset, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_REQUIRE(address % FS_FLASH_GRAIN == 0 && length % FS_FLASH_GRAIN == 0, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_TRY_AS(fs_port_flash_program(address, bytes, length), FS_ERR_FLASH_PROGRAM_FAILED);
  FS_INSIST(fs_flash_holds(address, bytes, length) == FS_YES, FS_ERR_FLASH_VERIFY_FAILED);
  return FS_OK;
}

fs_answer fs_flash_holds(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint8_t piece[PIECE];
  uint32_t done = 0;
  fs_answer answer = FS_YES;
  while (done < length) {
    /* done < length, so the difference does not wrap; address + done stays inside flash, as the caller
     * checked address + length. */
    uint32_t count = length - done < PIECE ? length - done : PIECE;
    if (fs_port_flash_read(address + done, piece, count) != FS_OK || fs_equal(piece, bytes + done, count) != FS_YES)
      answer = FS_NO;
    if (answer != FS_YES) break;
    done += count;
  }
  fs_wipe(piece, sizeof piece);
  return done == length ? answer : FS_NO;
}

fs_answer fs_flash_blank(uint32_t address, uint32_t length) {
  uint8_t piece[PIECE];
  uint32_t done = 0;
  while (done < length) {
    uint32_t count = length - done < PIECE ? length - done : PIECE;
    if (fs_port_flash_read(address + done, piece, count) != FS_OK) return FS_NO;
    if (fs_all(piece, count, 0xffu) != FS_YES) return FS_NO;
    done += count;
  }
  return FS_YES;
}

fs_result fs_flash_unit_of(uint32_t address, fs_erase_unit *unit) {
  uint32_t i;
  for (i = 0; i < FS_ERASE_RUN_COUNT; i++) {
    const fs_erase_run *run = &fs_erase_runs[i];
    /* The product is at most the size of flash; the difference wraps to a large value below the run. */
    if (address - run->start >= run->count * run->unit_bytes) continue;
    unit->start = address & ~(run->unit_bytes - 1u);
    unit->end = unit->start + run->unit_bytes; /* the catalogue's flash ends far below 2^32 */
    return FS_OK;
  }
  return FS_ERR_AREA_OUTSIDE_APPLICATION;
}

fs_result fs_flash_erase(const fs_erase_unit *unit) {
  /* Largest time of the families in the catalogue: 2 s for 128 KiB, 0.5 s for 16 KiB, 40 ms for a page. */
  /* Defence supply-before-erase */
  FS_TRY(fs_port_supply_bears());
  fs_pending_tell((unit->end - unit->start) / 64u + 250u);
  FS_TRY_AS(fs_port_flash_erase(unit->start), FS_ERR_FLASH_ERASE_FAILED);
  return FS_OK;
}

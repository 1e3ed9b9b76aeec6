/*
 * What the STM32 ports share. The files beside this one drive peripherals that are the same in every
 * family, at the addresses of the chip's fs_registers.h; clock, and most flash controllers, differ
 * and are in the chip's own folder.
 */
#ifndef FS_STM32_H
#define FS_STM32_H

#include "fs_chip.h"
#include "fs_chip_control.h"
#include "fs_cortex.h"
#include "fs_port.h"
#include "fs_registers.h"

/* Ends a wait on hardware that never answers: far more turns than any operation of a sound chip takes (the
 * longest is an erase of 128 KiB, 4 s). */
#define FS_WAIT_TURNS 0x10000000u

/* FS_OK as soon as (register & mask) == value. */
fs_result fs_wait_for(uint32_t address, uint32_t mask, uint32_t value);

/* Opens the UART alone, as fs_link_start does with USB beside it. */
void fs_link_listen(void);

/* Lets time pass: a few processor cycles for each turn. */
void fs_spin(uint32_t turns);

/* GPIO pin of a port's register block as alternate function, with a pull-up. */
void fs_pin_alternate(uint32_t gpio, uint32_t pin, uint32_t function);

/* Where every erase unit has the same size and the second bank begins in the middle of flash: the bank, 1 or
 * 2, and the unit's number in it. The address has to be that of a unit. */
static inline fs_result fs_uniform_unit(uint32_t address, uint32_t *bank, uint32_t *number) {
  uint32_t offset = address - FS_FLASH_START; /* wraps to a large value below flash */
  FS_REQUIRE(offset < FS_FLASH_SIZE_BYTES && offset % FS_ERASE_UNIT_MAX_BYTES == 0, FS_ERR_FLASH_ERASE_FAILED);
  *bank = offset < FS_FLASH_SIZE_BYTES / 2u ? 1u : 2u;
  *number = offset % (FS_FLASH_SIZE_BYTES / 2u) / FS_ERASE_UNIT_MAX_BYTES;
  return FS_OK;
}

typedef struct {
  uint32_t id;
  uint32_t read_address;
  uint32_t program_address;
  uint32_t bits;
} fs_option_place;

extern const fs_option_place fs_option_places[FS_OPTION_REGISTER_COUNT];

/* The entry of a register id, or 0. */
const fs_option_place *fs_find_option(uint32_t register_id);

/* What the registers shall hold: the values given, and for those not given what is in force. Refuses
 * ids that are not in the catalogue. `wanted` has FS_OPTION_REGISTER_COUNT elements. A driver makes
 * two plans, writes one and checks what it wrote against the other: a glitch in one of them would
 * else end in the option bytes. */
fs_result fs_plan_options(const uint32_t *register_ids, const uint32_t *values, uint32_t count, uint32_t *wanted);

/* What was written into the option registers is what is wanted: ahead of the start, which cannot be taken
 * back. FS_ERR_OPTION_BYTES_FAILED. */
fs_result fs_check_options(const uint32_t *wanted);

#endif

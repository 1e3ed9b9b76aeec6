/*
 * STAND-IN for the flash controller and option bytes of the STM32F427: RAM with the rules of flash that the
 * agent could break. Programming only clears bits and needs whole words; erase works by the catalogue's
 * units; units that the option bytes in force protect take neither; option bytes count from the next reset.
 * It has no times and never fails by itself.
 */
#include "fs_bytes.h"
#include "fs_stand_in.h"

#define PREPARED 0x46344651u
#define BLANK 0xFFFFFFFFu

/* Units of one size, one after the other; the bits that protect them stand in the same order. */
typedef struct {
  uint32_t start;
  uint32_t count;
  uint32_t unit_bytes;
  uint32_t option;
  uint32_t bit;
} unit_run;

#define X(bank, code, address, count, bytes, register_id, bit) {address, count, bytes, register_id, bit},
static const unit_run runs[FS_ERASE_RUN_COUNT] = {FS_ERASE_RUNS(X)};
#undef X

typedef struct {
  uint32_t start;
  uint32_t length;
  uint32_t option;
  uint32_t bit;
} unit;

typedef struct {
  uint32_t id;
  uint32_t bits;
} option_register;

#define X(register_id, read, program, bits, neutral, clear_only, set_only) {register_id, bits},
static const option_register options[FS_OPTION_REGISTER_COUNT] = {FS_OPTION_REGISTERS(X)};
#undef X

/* As the part is delivered (RM0090 3.9.10, 3.9.11): readout level 0, no sector protected. */
static const uint32_t factory_options[] = {0x0FFFAAECu, 0x0FFF0000u};
FS_STATIC_ASSERT(sizeof factory_options / sizeof factory_options[0] == FS_OPTION_REGISTER_COUNT);

static unit unit_at(const unit_run *run, uint32_t index) {
  unit found;
  found.start = run->start + index * run->unit_bytes;
  found.length = run->unit_bytes;
  found.option = run->option;
  found.bit = run->bit + index;
  return found;
}

/* The unit that holds the address. */
static fs_result find_unit(uint32_t address, unit *found, fs_result fault) {
  uint32_t i;
  for (i = 0; i < FS_ERASE_RUN_COUNT; i++) {
    uint32_t offset = address - runs[i].start; /* wraps to a large value below the run */
    if (offset >= runs[i].count * runs[i].unit_bytes) continue;
    *found = unit_at(&runs[i], offset / runs[i].unit_bytes);
    return FS_OK;
  }
  return fault;
}

static int is_protected(const unit *u) { return (FS_STAND_IN_OPTION(u->option) >> u->bit & 1u) == 0; }

/* FS_OK when all of the range is flash; both differences are taken where they do not wrap. */
static fs_result check_range(uint32_t address, uint32_t length, fs_result fault) {
  FS_REQUIRE(address >= FS_FLASH_START && address - FS_FLASH_START <= FS_FLASH_SIZE_BYTES, fault);
  FS_REQUIRE(length <= FS_FLASH_SIZE_BYTES - (address - FS_FLASH_START), fault);
  return FS_OK;
}

static void blank(const unit *u) {
  uint32_t at;
  for (at = 0; at < u->length; at += 4) FS_REGISTER(FS_BOARD_ADDRESS(u->start) + at) = BLANK;
}

/* The agent, and the two words at 0 that the processor starts it by: the board has no anchor. */
static int holds_agent(const unit *u) {
  return u->start == FS_FLASH_START || u->start - FS_AGENT_START < FS_AGENT_LENGTH;
}

/* A copy of the identity shares the unit of the agent. */
static void blank_behind_agent(const unit *u) {
  unit rest = *u;
  rest.start = FS_AGENT_START + FS_AGENT_LENGTH;
  rest.length = u->start + u->length - rest.start;
  blank(&rest);
}

void fs_stand_in_start(void) {
  uint32_t i;
  if (FS_STAND_IN_MARK != PREPARED) {
    for (i = 0; i < FS_ERASE_RUN_COUNT; i++) {
      uint32_t k;
      for (k = 0; k < runs[i].count; k++) {
        unit u = unit_at(&runs[i], k);
        if (!holds_agent(&u)) blank(&u);
        else if (u.start != FS_FLASH_START) blank_behind_agent(&u);
      }
    }
    for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) FS_STAND_IN_PROGRAMMED(i) = factory_options[i];
    FS_STAND_IN_RANDOM_STATE = FS_STAND_IN_SEED;
    FS_STAND_IN_MARK = PREPARED;
  }
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) FS_STAND_IN_OPTION(i) = FS_STAND_IN_PROGRAMMED(i);
}

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  FS_TRY(check_range(address, length, FS_ERR_FLASH_VERIFY_FAILED));
  return fs_guarded_copy(FS_BOARD_ADDRESS(address), bytes, length);
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint32_t done;
  FS_REQUIRE(address % FS_WRITE_UNIT_BYTES == 0 && length % FS_WRITE_UNIT_BYTES == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  FS_TRY(check_range(address, length, FS_ERR_FLASH_PROGRAM_FAILED));
  for (done = 0; done < length; done += FS_WRITE_UNIT_BYTES) {
    unit u;
    FS_TRY(find_unit(address + done, &u, FS_ERR_FLASH_PROGRAM_FAILED));
    FS_REQUIRE(!is_protected(&u), FS_ERR_FLASH_PROGRAM_FAILED);
    FS_REGISTER(FS_BOARD_ADDRESS(address + done)) &= fs_get_u32le(bytes + done);
  }
  return FS_OK;
}

fs_result fs_port_flash_erase(uint32_t address) {
  unit u;
  FS_TRY(find_unit(address, &u, FS_ERR_FLASH_ERASE_FAILED));
  FS_REQUIRE(u.start == address && !is_protected(&u), FS_ERR_FLASH_ERASE_FAILED);
  blank(&u);
  return FS_OK;
}

static fs_result index_of(uint32_t register_id, uint32_t *index) {
  for (*index = 0; *index < FS_OPTION_REGISTER_COUNT; (*index)++) {
    if (options[*index].id == register_id) return FS_OK;
  }
  return FS_ERR_OPTION_BYTES_FAILED;
}

fs_result fs_port_option_read(uint32_t register_id, uint32_t *value) {
  uint32_t index;
  FS_TRY(index_of(register_id, &index));
  *value = FS_STAND_IN_OPTION(index) & options[index].bits;
  return FS_OK;
}

fs_answer fs_port_level_key(void) { return FS_NO; }

/* Nobody measures a supply here. */
fs_result fs_port_supply_bears(void) { return FS_OK; }

fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  uint32_t i, index;
  for (i = 0; i < count; i++) {
    FS_TRY(index_of(register_ids[i], &index));
    FS_REQUIRE((values[i] & ~options[index].bits) == 0, FS_ERR_OPTION_BYTES_FAILED);
  }
  for (i = 0; i < count; i++) {
    FS_TRY(index_of(register_ids[i], &index));
    FS_STAND_IN_PROGRAMMED(index) = values[i];
  }
  return FS_OK;
}

void fs_port_option_launch(void) { fs_system_reset(); }

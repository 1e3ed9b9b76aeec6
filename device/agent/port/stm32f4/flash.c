/*
 * Flash and option bytes of the F4 parts: RM0090 section 3.6 (erase and program), 3.7.2
 * (option bytes), 3.9 (registers). Programs words: 32 bits at a time, for a supply of 2.7 to 3.6 V.
 * The flash has no error correcting code.
 */
#include "fs_bytes.h"
#include "fs_chip_facts.h"
#include "fs_stm32.h"

#define KEYR FS_REGISTER(FS_FLASH + 0x04u)
#define OPTKEYR FS_REGISTER(FS_FLASH + 0x08u)
#define SR (FS_FLASH + 0x0Cu)
#define CR FS_REGISTER(FS_FLASH + 0x10u)
#define OPTCR FS_REGISTER(FS_FLASH + 0x14u)

#define KEY_1 0x45670123u
#define KEY_2 0xCDEF89ABu
#define OPTION_KEY_1 0x08192A3Bu
#define OPTION_KEY_2 0x4C5D6E7Fu

#define SR_BUSY (1u << 16)
/* RDERR (reserved on F405, reads as 0), PGSERR, PGPERR, PGAERR, WRPERR, OPERR; EOP. Each
 * is cleared by writing 1. */
#define SR_ERRORS 0x000001F2u
#define SR_DONE 0x00000001u
#define CR_PROGRAM (1u << 0)
#define CR_ERASE (1u << 1)
#define CR_BY_32 (2u << 8)
#define CR_START (1u << 16)
#define CR_LOCK (1u << 31)
#define OPTCR_LOCK (1u << 0)
#define OPTCR_START (1u << 1)

static fs_result unlock(void) {
  if (fs_wait_for(SR, SR_BUSY, 0) != FS_OK) return FS_ERR_FLASH_PROGRAM_FAILED;
  if (CR & CR_LOCK) {
    KEYR = KEY_1;
    KEYR = KEY_2;
  }
  FS_REQUIRE((CR & CR_LOCK) == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  FS_REGISTER(SR) = SR_ERRORS | SR_DONE;
  return FS_OK;
}

/* Waits for the end of the operation, and locks. */
static fs_result finish(fs_result fault) {
  fs_result waited = fs_wait_for(SR, SR_BUSY, 0);
  uint32_t errors = FS_REGISTER(SR) & SR_ERRORS;
  CR = CR_LOCK;
  fs_watchdog_feed();
  return waited == FS_OK && errors == 0 ? FS_OK : fault;
}

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  fs_result result = fs_guarded_copy(address, bytes, length);
  /* As a jump, left out by a glitch, it would run on into the code that programs flash. */
  /* Defence flash-read-is-a-call */
  fs_barrier();
  return result;
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint32_t done;
  FS_REQUIRE(address % FS_WRITE_UNIT_BYTES == 0 && length % FS_WRITE_UNIT_BYTES == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  FS_TRY(unlock());
  CR = CR_BY_32 | CR_PROGRAM;
  for (done = 0; done < length; done += 4) {
    FS_REGISTER(address + done) = fs_get_u32le(bytes + done);
    fs_barrier();
    if (fs_wait_for(SR, SR_BUSY, 0) != FS_OK || (FS_REGISTER(SR) & SR_ERRORS) != 0) break;
  }
  FS_TRY(finish(FS_ERR_FLASH_PROGRAM_FAILED));
  FS_REQUIRE(done == length, FS_ERR_FLASH_PROGRAM_FAILED);
  return FS_OK;
}

#define X(bank, code, address, count, bytes, register_id, bit) (uint8_t)(code),
/* Of the first sector of each of fs_erase_runs; the numbers rise by one. */
static const uint8_t first_codes[FS_ERASE_RUN_COUNT] = {FS_ERASE_RUNS(X)};
#undef X

/* SNB of the sector that begins there: bank 2 counts from 16 (RM0090 3.9.8). */
static fs_result sector_number(uint32_t address, uint32_t *code) {
  uint32_t i;
  for (i = 0; i < FS_ERASE_RUN_COUNT; i++) {
    const fs_erase_run *run = &fs_erase_runs[i];
    uint32_t offset = address - run->start; /* wraps to a large value below the run */
    if (offset >= run->count * run->unit_bytes) continue;
    FS_REQUIRE(offset % run->unit_bytes == 0, FS_ERR_FLASH_ERASE_FAILED);
    *code = first_codes[i] + offset / run->unit_bytes;
    return FS_OK;
  }
  return FS_ERR_FLASH_ERASE_FAILED;
}

fs_result fs_port_flash_erase(uint32_t address) {
  uint32_t code;
  FS_TRY(sector_number(address, &code));
  FS_TRY(unlock());
  CR = CR_BY_32 | CR_ERASE | code << 3;
  CR = CR_BY_32 | CR_ERASE | code << 3 | CR_START;
  fs_barrier();
  return finish(FS_ERR_FLASH_ERASE_FAILED);
}

/* OPTCR holds register 0 and the start bit; OPTCR1, on parts with a second bank, register 1. Both are
 * programmed by the one start. */
fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  uint32_t wanted[FS_OPTION_REGISTER_COUNT];
  uint32_t again[FS_OPTION_REGISTER_COUNT];
  uint32_t i;
  uint32_t start;
  fs_result checked;
  fs_result waited;
  FS_TRY(fs_plan_options(register_ids, values, count, wanted));
  FS_TRY(fs_plan_options(register_ids, values, count, again));
  FS_TRY_AS(fs_wait_for(SR, SR_BUSY, 0), FS_ERR_OPTION_BYTES_FAILED);
  FS_REGISTER(SR) = SR_ERRORS | SR_DONE;
  OPTKEYR = OPTION_KEY_1;
  OPTKEYR = OPTION_KEY_2;
  FS_REQUIRE((OPTCR & OPTCR_LOCK) == 0, FS_ERR_OPTION_BYTES_FAILED);
  /* Without the bits that are no option: a word that a glitch put here may not start anything. */
  for (i = FS_OPTION_REGISTER_COUNT; i-- > 0;)
    FS_REGISTER(fs_option_places[i].program_address) = wanted[i] & fs_option_places[i].bits;
  checked = fs_check_options(again);
  /* The start is written together with register 0: with what was read, when that is what is wanted. */
  start = OPTCR;
  fs_barrier();
  /* Defence options-start-beside */
  if ((start & fs_option_places[0].bits) != again[0]) checked = FS_ERR_OPTION_BYTES_FAILED;
  if (checked == FS_OK) OPTCR = start | OPTCR_START;
  fs_barrier();
  waited = fs_wait_for(SR, SR_BUSY, 0);
  OPTCR |= OPTCR_LOCK;
  FS_REQUIRE(waited == FS_OK && (FS_REGISTER(SR) & SR_ERRORS) == 0, FS_ERR_OPTION_BYTES_FAILED);
  return checked;
}

/* The F4 has no launch bit: a reset loads the option bytes. */
void fs_port_option_launch(void) { fs_system_reset(); }

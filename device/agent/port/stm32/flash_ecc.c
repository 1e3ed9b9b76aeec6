/*
 * Flash and option bytes of the families that program words of 64 or 128 bits under an error correcting code,
 * in pages of one size: G0, L4, U5 without TrustZone (G4, L5 and WB are alike). What differs stands in the
 * chip's fs_flash_registers.h, with the sections of its manual. A torn word raises a non-maskable interrupt
 * when it is read, and a register of its bank says so.
 */
#include "fs_bytes.h"
#include "fs_flash_registers.h"
#include "fs_stm32.h"

#define KEYR FS_REGISTER(FS_FLASH + FS_FLASH_KEYR)
#define OPTKEYR FS_REGISTER(FS_FLASH + FS_FLASH_OPTKEYR)
#define SR (FS_FLASH + FS_FLASH_SR)
#define CR FS_REGISTER(FS_FLASH + FS_FLASH_CR)

#define KEY_1 0x45670123u
#define KEY_2 0xCDEF89ABu
#define OPTION_KEY_1 0x08192A3Bu
#define OPTION_KEY_2 0x4C5D6E7Fu

/* EOP; cleared, as each error is, by writing 1. */
#define SR_DONE (1u << 0)
#define CR_PROGRAM (1u << 0)
#define CR_ERASE (1u << 1)
#define CR_PAGE 3u
#define CR_START (1u << 16)
#define CR_OPTION_START (1u << 17)
#define CR_LAUNCH (1u << 27)
#define CR_OPTION_LOCK (1u << 30)
#define CR_LOCK (1u << 31)
/* ECCD: two errors in a word; cleared by writing 1. */
#define ECC_BROKEN (1u << 31)

/* Whether a word was broken that was read since the last time; then none is. */
static fs_answer take_broken(void) {
  uint32_t found = 0;
  uint32_t place;
  for (place = FS_FLASH_ECC_FIRST; place <= FS_FLASH_ECC_LAST; place += 4) {
    found |= FS_REGISTER(FS_FLASH + place);
    FS_REGISTER(FS_FLASH + place) |= ECC_BROKEN;
  }
  return (found & ECC_BROKEN) == 0 ? FS_NO : FS_YES;
}

void fs_chip_clear_nmi(void) { (void)take_broken(); }

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  fs_result result;
  (void)take_broken();
  result = fs_guarded_copy(address, bytes, length);
  return take_broken() == FS_NO ? result : FS_ERR_FLASH_VERIFY_FAILED;
}

static fs_result unlock(void) {
  if (fs_wait_for(SR, FS_FLASH_SR_BUSY, 0) != FS_OK) return FS_ERR_FLASH_PROGRAM_FAILED;
  if (CR & CR_LOCK) {
    KEYR = KEY_1;
    KEYR = KEY_2;
  }
  FS_REQUIRE((CR & CR_LOCK) == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  FS_REGISTER(SR) = FS_FLASH_SR_ERRORS | SR_DONE;
  return FS_OK;
}

static fs_result finish(fs_result fault) {
  fs_result waited = fs_wait_for(SR, FS_FLASH_SR_BUSY, 0);
  uint32_t errors = FS_REGISTER(SR) & FS_FLASH_SR_ERRORS;
  CR = CR_LOCK | CR_OPTION_LOCK;
  fs_watchdog_feed();
  return waited == FS_OK && errors == 0 ? FS_OK : fault;
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint32_t done;
  FS_REQUIRE(address % FS_WRITE_UNIT_BYTES == 0 && length % FS_WRITE_UNIT_BYTES == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  FS_TRY(unlock());
  CR = CR_PROGRAM;
  for (done = 0; done < length;) {
    do {
      FS_REGISTER(address + done) = fs_get_u32le(bytes + done);
      fs_barrier();
      done += 4;
    } while (done % FS_WRITE_UNIT_BYTES != 0);
    if (fs_wait_for(SR, FS_FLASH_SR_BUSY, 0) != FS_OK || (FS_REGISTER(SR) & FS_FLASH_SR_ERRORS) != 0) break;
    FS_REGISTER(SR) = SR_DONE;
  }
  FS_TRY(finish(FS_ERR_FLASH_PROGRAM_FAILED));
  FS_REQUIRE(done == length, FS_ERR_FLASH_PROGRAM_FAILED);
  return FS_OK;
}

fs_result fs_port_flash_erase(uint32_t address) {
  uint32_t bank;
  uint32_t code;
  uint32_t page;
  FS_TRY(fs_uniform_unit(address, &bank, &code));
  FS_TRY(unlock());
  page = CR_ERASE | code << CR_PAGE | (bank == 2 ? FS_FLASH_CR_BANK_2 : 0u);
  CR = page;
  CR = page | CR_START;
  fs_barrier();
  return finish(FS_ERR_FLASH_ERASE_FAILED);
}

static fs_result unlock_options(void) {
  FS_TRY_AS(unlock(), FS_ERR_OPTION_BYTES_FAILED);
  if (CR & CR_OPTION_LOCK) {
    OPTKEYR = OPTION_KEY_1;
    OPTKEYR = OPTION_KEY_2;
  }
  FS_REQUIRE((CR & CR_OPTION_LOCK) == 0, FS_ERR_OPTION_BYTES_FAILED);
  return FS_OK;
}

fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  uint32_t wanted[FS_OPTION_REGISTER_COUNT];
  uint32_t again[FS_OPTION_REGISTER_COUNT];
  uint32_t i;
  fs_result checked;
  FS_TRY(fs_plan_options(register_ids, values, count, wanted));
  FS_TRY(fs_plan_options(register_ids, values, count, again));
  FS_TRY(unlock_options());
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    uint32_t place = fs_option_places[i].program_address;
    FS_REGISTER(place) = (FS_REGISTER(place) & ~fs_option_places[i].bits) | wanted[i];
  }
  checked = fs_check_options(again);
  if (checked == FS_OK) CR |= CR_OPTION_START;
  fs_barrier();
  FS_TRY(finish(FS_ERR_OPTION_BYTES_FAILED));
  return checked;
}

void fs_port_option_launch(void) {
  if (unlock_options() == FS_OK) CR |= CR_LAUNCH;
  fs_system_reset(); /* loads them too, where the launch was refused */
}

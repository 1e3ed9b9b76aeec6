/*
 * Flash and option bytes of the STM32G0B1: RM0444 section 3.3 (operations), 3.4 (option bytes), 3.7 (registers). Double words
 * of 64 bits under an error correcting code: a torn one raises a non-maskable interrupt when it is read (3.3.2), and
 * ECCR of its bank says so.
 */
#include "fs_bytes.h"
#include "fs_stm32.h"

#define KEYR FS_REGISTER(FS_FLASH + 0x08u)
#define OPTKEYR FS_REGISTER(FS_FLASH + 0x0Cu)
#define SR (FS_FLASH + 0x10u)
#define CR FS_REGISTER(FS_FLASH + 0x14u)
#define ECCR FS_REGISTER(FS_FLASH + 0x18u)
#define ECC2R FS_REGISTER(FS_FLASH + 0x1Cu)

#define KEY_1 0x45670123u
#define KEY_2 0xCDEF89ABu
#define OPTION_KEY_1 0x08192A3Bu
#define OPTION_KEY_2 0x4C5D6E7Fu

/* BSY1, BSY2, CFGBSY. */
#define SR_BUSY 0x00070000u
/* OPTVERR, RDERR, FASTERR, MISERR, PGSERR, SIZERR, PGAERR, WRPERR, PROGERR, OPERR; EOP. Each is cleared by writing 1. */
#define SR_ERRORS 0x0000C3FAu
#define SR_DONE 0x00000001u
#define CR_PROGRAM (1u << 0)
#define CR_ERASE (1u << 1)
#define CR_BANK_2 (1u << 13)
#define CR_START (1u << 16)
#define CR_OPTION_START (1u << 17)
#define CR_LAUNCH (1u << 27)
#define CR_OPTION_LOCK (1u << 30)
#define CR_LOCK (1u << 31)
/* ECCD: two errors in a word; cleared by writing 1. */
#define ECC_BROKEN (1u << 31)

void fs_chip_clear_nmi(void) {
  ECCR |= ECC_BROKEN;
  ECC2R |= ECC_BROKEN;
}

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  fs_result result;
  fs_chip_clear_nmi();
  result = fs_guarded_copy(address, bytes, length);
  if (((ECCR | ECC2R) & ECC_BROKEN) != 0) result = FS_ERR_FLASH_VERIFY_FAILED;
  fs_chip_clear_nmi();
  return result;
}

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

static fs_result finish(fs_result fault) {
  fs_result waited = fs_wait_for(SR, SR_BUSY, 0);
  uint32_t errors = FS_REGISTER(SR) & SR_ERRORS;
  CR = CR_LOCK | CR_OPTION_LOCK;
  fs_watchdog_feed();
  return waited == FS_OK && errors == 0 ? FS_OK : fault;
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint32_t done;
  FS_REQUIRE(address % FS_WRITE_UNIT_BYTES == 0 && length % FS_WRITE_UNIT_BYTES == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  FS_TRY(unlock());
  CR = CR_PROGRAM;
  for (done = 0; done < length; done += 8) {
    FS_REGISTER(address + done) = fs_get_u32le(bytes + done);
    fs_barrier();
    FS_REGISTER(address + done + 4) = fs_get_u32le(bytes + done + 4);
    fs_barrier();
    if (fs_wait_for(SR, SR_BUSY, 0) != FS_OK || (FS_REGISTER(SR) & SR_ERRORS) != 0) break;
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
  page = CR_ERASE | code << 3 | (bank == 2 ? CR_BANK_2 : 0u);
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
  uint32_t i;
  FS_TRY(fs_plan_options(register_ids, values, count, wanted));
  FS_TRY(unlock_options());
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    uint32_t place = fs_option_places[i].program_address;
    FS_REGISTER(place) = (FS_REGISTER(place) & ~fs_option_places[i].bits) | wanted[i];
  }
  FS_TRY(fs_check_options(wanted));
  CR |= CR_OPTION_START;
  fs_barrier();
  return finish(FS_ERR_OPTION_BYTES_FAILED);
}

void fs_port_option_launch(void) {
  if (unlock_options() == FS_OK) CR |= CR_LAUNCH;
  fs_system_reset(); /* loads them too, where the launch was refused */
}

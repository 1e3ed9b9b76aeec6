/*
 * Flash and option bytes of the STM32H743: RM0433 section 4.3 (operations), 4.4 (option bytes), 4.9
 * (registers). Two banks with a set of registers each, 256-bit flash words under an error correcting
 * code: a word that was torn by a power cut gives a bus error when it is read (4.3.12), which
 * fs_guarded_copy turns into a result.
 */
#include "fs_bytes.h"
#include "fs_stm32.h"

/* Bank 2's registers stand 0x100 above bank 1's. */
#define KEYR(bank) FS_REGISTER((bank) + 0x04u)
#define CR(bank) FS_REGISTER((bank) + 0x0Cu)
#define SR(bank) ((bank) + 0x10u)
#define CCR(bank) FS_REGISTER((bank) + 0x14u)
#define OPTKEYR FS_REGISTER(FS_FLASH + 0x08u)
#define OPTCR FS_REGISTER(FS_FLASH + 0x18u)
#define OPTSR_CUR (FS_FLASH + 0x1Cu)
#define OPTCCR FS_REGISTER(FS_FLASH + 0x24u)

#define KEY_1 0x45670123u
#define KEY_2 0xCDEF89ABu
#define OPTION_KEY_1 0x08192A3Bu
#define OPTION_KEY_2 0x4C5D6E7Fu

#define CR_LOCK (1u << 0)
#define CR_PROGRAM (1u << 1)
#define CR_ERASE (1u << 2)
#define CR_BY_64 (3u << 4)
#define CR_START (1u << 7)
/* BSY, WBNE (a flash word is not complete), QW (operations wait). */
#define SR_AT_WORK 0x00000007u
/* WRPERR, PGSERR, STRBERR, INCERR, OPERR. */
#define SR_WRITE_ERRORS 0x006E0000u
/* RDPERR, RDSERR, DBECCERR. */
#define SR_READ_ERRORS 0x05800000u
/* All that CCR clears: the two sets, EOP, SNECCERR, CRCEND, CRCRDERR. */
#define CCR_ALL 0x1FEF0000u
#define OPTCR_LOCK (1u << 0)
#define OPTCR_START (1u << 1)
#define OPTSR_BUSY (1u << 0)
#define OPTION_CHANGE_ERROR (1u << 30)

#define BANK_1 FS_FLASH
#define BANK_2 (FS_FLASH + 0x100u)
#define BANK_2_START (FS_FLASH_START + FS_FLASH_SIZE_BYTES / 2u)

/* The chip is not swapped while the agent runs: its place at the end of bank 2 and the
 * catalogue's layout want SWAP_BANK 0. */
static uint32_t bank_of(uint32_t address) { return address < BANK_2_START ? BANK_1 : BANK_2; }

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  CCR(BANK_1) = SR_READ_ERRORS;
  CCR(BANK_2) = SR_READ_ERRORS;
  FS_TRY(fs_guarded_copy(address, bytes, length));
  /* Both banks: a range may cross from one to the other. */
  FS_REQUIRE(((FS_REGISTER(SR(BANK_1)) | FS_REGISTER(SR(BANK_2))) & SR_READ_ERRORS) == 0, FS_ERR_FLASH_VERIFY_FAILED);
  return FS_OK;
}

static fs_result unlock(uint32_t bank) {
  if (fs_wait_for(SR(bank), SR_AT_WORK, 0) != FS_OK) return FS_ERR_FLASH_PROGRAM_FAILED;
  if (CR(bank) & CR_LOCK) {
    KEYR(bank) = KEY_1;
    KEYR(bank) = KEY_2;
  }
  FS_REQUIRE((CR(bank) & CR_LOCK) == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  CCR(bank) = CCR_ALL;
  return FS_OK;
}

static fs_result finish(uint32_t bank, fs_result fault) {
  fs_result waited = fs_wait_for(SR(bank), SR_AT_WORK, 0);
  uint32_t errors = FS_REGISTER(SR(bank)) & SR_WRITE_ERRORS;
  CR(bank) = CR_LOCK;
  fs_watchdog_feed();
  return waited == FS_OK && errors == 0 ? FS_OK : fault;
}

/* One flash word; begun ones are completed in any case, so that the buffer of the
 * controller is empty afterwards. */
static fs_result program_word(uint32_t bank, uint32_t address, const uint8_t *bytes) {
  uint32_t i;
  CR(bank) = CR_BY_64 | CR_PROGRAM;
  fs_barrier();
  for (i = 0; i < FS_WRITE_UNIT_BYTES; i += 4) FS_REGISTER(address + i) = fs_get_u32le(bytes + i);
  fs_barrier();
  FS_TRY(fs_wait_for(SR(bank), SR_AT_WORK, 0));
  FS_REQUIRE((FS_REGISTER(SR(bank)) & SR_WRITE_ERRORS) == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  return FS_OK;
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint32_t done = 0;
  FS_REQUIRE(address % FS_WRITE_UNIT_BYTES == 0 && length % FS_WRITE_UNIT_BYTES == 0, FS_ERR_FLASH_PROGRAM_FAILED);
  while (done < length) {
    uint32_t bank = bank_of(address + done);
    fs_result result;
    FS_TRY(unlock(bank));
    result = program_word(bank, address + done, bytes + done);
    FS_TRY(finish(bank, FS_ERR_FLASH_PROGRAM_FAILED));
    FS_REQUIRE(result == FS_OK, FS_ERR_FLASH_PROGRAM_FAILED);
    done += FS_WRITE_UNIT_BYTES;
  }
  return FS_OK;
}

fs_result fs_port_flash_erase(uint32_t address) {
  uint32_t number;
  uint32_t code;
  uint32_t bank;
  FS_TRY(fs_uniform_unit(address, &number, &code));
  bank = number == 1 ? BANK_1 : BANK_2;
  FS_TRY(unlock(bank));
  CR(bank) = CR_BY_64 | CR_ERASE | code << 8;
  CR(bank) = CR_BY_64 | CR_ERASE | code << 8 | CR_START;
  fs_barrier();
  return finish(bank, FS_ERR_FLASH_ERASE_FAILED);
}

/* RM0433 4.4.3: all _PRG registers, then one start; OPTCHANGEERR says that it failed. */
fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  uint32_t wanted[FS_OPTION_REGISTER_COUNT];
  uint32_t again[FS_OPTION_REGISTER_COUNT];
  uint32_t i;
  fs_result checked;
  fs_result waited;
  FS_TRY(fs_plan_options(register_ids, values, count, wanted));
  FS_TRY(fs_plan_options(register_ids, values, count, again));
  FS_TRY_AS(fs_wait_for(SR(BANK_1), SR_AT_WORK, 0), FS_ERR_OPTION_BYTES_FAILED);
  FS_TRY_AS(fs_wait_for(SR(BANK_2), SR_AT_WORK, 0), FS_ERR_OPTION_BYTES_FAILED);
  OPTCCR = OPTION_CHANGE_ERROR;
  OPTKEYR = OPTION_KEY_1;
  OPTKEYR = OPTION_KEY_2;
  FS_REQUIRE((OPTCR & OPTCR_LOCK) == 0, FS_ERR_OPTION_BYTES_FAILED);
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    uint32_t place = fs_option_places[i].program_address;
    FS_REGISTER(place) = (FS_REGISTER(place) & ~fs_option_places[i].bits) | wanted[i];
  }
  checked = fs_check_options(again);
  if (checked == FS_OK) OPTCR |= OPTCR_START;
  fs_barrier();
  waited = fs_wait_for(OPTSR_CUR, OPTSR_BUSY, 0);
  OPTCR |= OPTCR_LOCK;
  FS_REQUIRE(waited == FS_OK && (FS_REGISTER(OPTSR_CUR) & OPTION_CHANGE_ERROR) == 0, FS_ERR_OPTION_BYTES_FAILED);
  return checked;
}

/* The H7 has no launch bit: a reset loads the option bytes. */
void fs_port_option_launch(void) { fs_system_reset(); }

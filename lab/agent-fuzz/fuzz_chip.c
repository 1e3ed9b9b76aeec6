/*
 * The chip of the fuzz targets: flash and one-time memory of an STM32F427 in arrays, option bytes of a
 * finished device, an identity with the keys of fuzz-device.ts. The harness checks what the core promises to
 * a port: no access outside of both, no unaligned program, nothing over the agent.
 */
#include "fuzz_chip.h"

#include <stdlib.h>

#include "fs_agent.h"
#include "fs_agent_image.h"
#include "fs_chip_facts.h"
#include "fs_flow.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_port.h"

jmp_buf fuzz_after_reset;

#define OPTION_COUNT 2u

static uint8_t flash[FS_FLASH_SIZE_BYTES];
static uint8_t kept_flash[FS_FLASH_SIZE_BYTES];
static uint8_t otp[FS_OTP_LENGTH];
static uint8_t kept_otp[FS_OTP_LENGTH];
/* By the number of the smallest piece that a unit can begin at: every unit of the
 * F427 is a multiple of it. */
#define PIECE_BYTES 0x4000u
static uint8_t is_dirty[FS_FLASH_SIZE_BYTES / PIECE_BYTES];
static const uint32_t finished[OPTION_COUNT] = {0x0fffccecu, 0x0fff0000u}; /* readout level 2 */
static uint32_t options[OPTION_COUNT], programmed[OPTION_COUNT];
static uint8_t drawn;
static uint32_t calls_left;

/* The core's variables: fuzz_sections.h. */
extern uint8_t __start_fs_bss[], __stop_fs_bss[], __start_fs_data[], __stop_fs_data[];
#define VARIABLES_MAX 0x20000u
static uint8_t at_power_on[VARIABLES_MAX], kept[VARIABLES_MAX];

/* Between the variables lies poisoned memory of the sanitizer, which this copies too. */
__attribute__((no_sanitize("address", "undefined"))) static void move(volatile uint8_t *to, const volatile uint8_t *from,
                                                                    size_t length) {
  size_t i;
  for (i = 0; i + 8 <= length; i += 8) *(volatile uint64_t *)(to + i) = *(const volatile uint64_t *)(from + i);
  for (; i < length; i++) to[i] = from[i];
}

static size_t bss_size(void) { return (size_t)(__stop_fs_bss - __start_fs_bss); }
static size_t data_size(void) { return (size_t)(__stop_fs_data - __start_fs_data); }

static void save(uint8_t *image) {
  if (bss_size() + data_size() > VARIABLES_MAX) abort();
  move(image, __start_fs_bss, bss_size());
  move(image + bss_size(), __start_fs_data, data_size());
}

static void load(const uint8_t *image) {
  move(__start_fs_bss, image, bss_size());
  move(__start_fs_data, image + bss_size(), data_size());
}

void fuzz_chip_fail_at(uint32_t call) { calls_left = call; }

static int fails(void) { return calls_left > 0 && --calls_left == 0; }

static fs_answer in_otp(uint32_t address) { return address - FS_OTP_START < FS_OTP_LENGTH ? FS_YES : FS_NO; }

/* In the one-time memory, which only reads and programs may reach. */
static uint8_t *at_otp(uint32_t address, uint32_t length) {
  uint32_t offset = address - FS_OTP_START;
  if (length > FS_OTP_LENGTH - offset) abort();
  return otp + offset;
}

static uint8_t *at(uint32_t address, uint32_t length) {
  uint32_t offset = address - FS_FLASH_START;
  if (offset > FS_FLASH_SIZE_BYTES || length > FS_FLASH_SIZE_BYTES - offset) abort();
  return flash + offset;
}

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  memcpy(bytes, in_otp(address) == FS_YES ? at_otp(address, length) : at(address, length), length);
  return fails() ? FS_ERR_FLASH_VERIFY_FAILED : FS_OK;
}

static void mark(uint32_t address, uint32_t length) {
  uint32_t i;
  uint32_t first = (address - FS_FLASH_START) / PIECE_BYTES;
  uint32_t last = (address + length - 1u - FS_FLASH_START) / PIECE_BYTES;
  for (i = first; length > 0 && i <= last; i++) is_dirty[i] = 1;
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint8_t *to = in_otp(address) == FS_YES ? at_otp(address, length) : at(address, length);
  uint32_t i;
  if (address % FS_WRITE_UNIT_BYTES != 0 || length % FS_WRITE_UNIT_BYTES != 0) abort();
  if (address - FS_ANCHOR_START < FS_ANCHOR_LENGTH || address - FS_AGENT_START < FS_AGENT_LENGTH) abort();
  if (fails()) return FS_ERR_FLASH_PROGRAM_FAILED;
  if (in_otp(address) != FS_YES) mark(address, length);
  for (i = 0; i < length; i++) to[i] &= bytes[i];
  return FS_OK;
}

/* Size of the unit that begins at the address; aborts when no unit begins there. */
static uint32_t unit_bytes_at(uint32_t address) {
  uint32_t i;
  for (i = 0; i < FS_ERASE_RUN_COUNT; i++) {
    const fs_erase_run *run = &fs_erase_runs[i];
    if (address < run->start || address - run->start >= run->count * run->unit_bytes) continue;
    if ((address - run->start) % run->unit_bytes == 0) return run->unit_bytes;
  }
  abort();
}

fs_result fs_port_flash_erase(uint32_t address) {
  uint32_t bytes;
  if (fails()) return FS_ERR_FLASH_ERASE_FAILED;
  bytes = unit_bytes_at(address);
  mark(address, bytes);
  memset(at(address, bytes), 0xff, bytes);
  return FS_OK;
}

fs_result fs_port_option_read(uint32_t register_id, uint32_t *value) {
  if (register_id >= OPTION_COUNT || fails()) return FS_ERR_OPTION_BYTES_FAILED;
  *value = options[register_id];
  return FS_OK;
}

fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  uint32_t i;
  if (count > OPTION_COUNT) abort();
  if (fails()) return FS_ERR_OPTION_BYTES_FAILED;
  for (i = 0; i < count; i++) {
    if (register_ids[i] >= OPTION_COUNT) abort();
    programmed[register_ids[i]] = values[i];
  }
  return FS_OK;
}

fs_answer fs_port_level_key(void) { return FS_NO; }

/* Nobody measures a supply here. */
fs_result fs_port_supply_bears(void) { return FS_OK; }
void fs_port_option_launch(void) { longjmp(fuzz_after_reset, 1); }
void fs_port_reset(void) { longjmp(fuzz_after_reset, 1); }
void fs_port_boot_application(uint32_t entry) {
  (void)at(FS_FLOW_ENTRY(entry), 8);
  longjmp(fuzz_after_reset, 2);
}
fs_answer fs_port_entry_requested(void) { return FS_YES; }
fs_answer fs_port_trial_confirmed(void) { return FS_NO; }
void fs_port_trial_clear(void) {}
void fs_port_trial_watchdog(void) {}
fs_answer fs_port_receipt_requested(void) { return FS_NO; }
uint32_t *fs_port_status_place(void) {
  static uint32_t status[FS_STATUS_LENGTH / 4u];
  return status;
}

/* The nonce of fuzz-device.ts where a nonce is drawn, else bytes that count. */
fs_result fs_port_random(uint8_t *bytes, uint32_t length) {
  uint32_t i;
  if (fails()) return FS_ERR_RANDOM_FAILED;
  for (i = 0; i < length; i++) bytes[i] = length == 16 ? (uint8_t)(0x71u + i) : ++drawn;
  return FS_OK;
}

void fs_port_unique_id(uint8_t *bytes) { memset(bytes, 0x11, FS_UNIQUE_ID_LENGTH); }

static volatile uint32_t sum;

/* Every byte that is sent is looked at: none is outside of its buffer. */
void fs_port_link_send(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  for (i = 0; i < length; i++) sum += bytes[i];
}

static void start(void) {
  load(at_power_on);
  memcpy(options, programmed, sizeof options);
  if (setjmp(fuzz_after_reset) != 0) load(at_power_on); /* an agent that ends its start in a reset stays in it */
  else fs_agent_boot();
}

fs_answer fuzz_chip_restart(void) {
  fuzz_chip_fail_at(0);
  start();
  return FS_NO;
}

static void key_pair(uint8_t value, uint8_t *private_key, uint8_t *public_key) {
  memset(private_key, value, 32);
  public_key[0] = 4;
  memset(public_key + 1, value, 64);
}

/* As personalization does it, without the messages; in the state of the vectors' device. */
static void personalize(void) {
  static const char product[] = "thermostat";
  static uint8_t certificate[300];
  uint8_t unused[32];
  fs_new_identity made;
  fs_view view = {certificate, sizeof certificate};
  memset(certificate, 0x37, sizeof certificate);
  memset(&made, 0, sizeof made);
  key_pair(0x31, unused, made.root);
  key_pair(0x34, made.signing_private, made.signing_public);
  key_pair(0x35, made.kem_private, made.kem_public);
  memset(made.device_key, 0x36, sizeof made.device_key);
  memcpy(made.product, product, sizeof product - 1u);
  made.product_length = sizeof product - 1u;
  made.epoch = 1;
  made.origin = 1;
  memset(&fs_now, 0, sizeof fs_now);
  memcpy(fs_now.root, made.root + 1, sizeof fs_now.root);
  fs_now.receipt = FS_RECEIPT_NONE;
  fs_now.life_cycle = FS_LIFE_ERASED;
  fs_now.security_counter = 5;
  fs_now.install_count = 1;
  fs_now.epoch = 1;
  fs_identity_use_key(made.device_key);
  if (fs_journal_create() != FS_OK) abort();
  fs_identity_use_key(0);
  if (fs_identity_write(&made, view, 0, 0) != FS_OK) abort();
}

void fuzz_chip_keep(void) {
  save(kept);
  memcpy(kept_flash, flash, sizeof flash);
  memcpy(kept_otp, otp, sizeof otp);
  memset(is_dirty, 0, sizeof is_dirty);
}

/* Of its own image the agent reads the counter: the one of the vectors' device. */
static void put_agent(void) {
  uint8_t *head = at(FS_AGENT_START, FS_AGENT_HEAD_BYTES);
  memset(head, 0, FS_AGENT_HEAD_BYTES);
  memcpy(head, "FSAG", 4);
  fs_put_u32le(head + 12, 1);
}

static void set_up(void) {
  static int is_set_up;
  if (is_set_up) return;
  is_set_up = 1;
  save(at_power_on);
  memset(flash, 0xff, sizeof flash);
  memset(otp, 0xff, sizeof otp);
  memcpy(programmed, finished, sizeof programmed);
  put_agent();
  personalize();
  start();
  if (fs_identity_present() != FS_YES) abort();
  fuzz_chip_keep();
}

void fuzz_chip_restore(void) {
  uint32_t i;
  set_up();
  for (i = 0; i < sizeof is_dirty; i++) {
    if (is_dirty[i]) memcpy(flash + i * PIECE_BYTES, kept_flash + i * PIECE_BYTES, PIECE_BYTES);
    is_dirty[i] = 0;
  }
  memcpy(otp, kept_otp, sizeof otp);
  memcpy(programmed, finished, sizeof programmed);
  memcpy(options, finished, sizeof options);
  load(kept);
  drawn = 0;
  fuzz_chip_fail_at(0);
}

void fuzz_chip_relax(void) {
  programmed[0] = 0x0fffbbecu;
  memcpy(options, programmed, sizeof options);
}

/* Erases the units of a range of the layout. */
static void blank(uint32_t start, uint32_t length) {
  uint32_t address;
  for (address = start; address < start + length; address += unit_bytes_at(address)) (void)fs_port_flash_erase(address);
}

void fuzz_chip_blank(void) {
  fuzz_chip_restore();
  programmed[0] = 0x0fffaaecu; /* as delivered: readout level 0 */
  memset(otp, 0xff, sizeof otp);
  /* With the original and the copies of the identity. */
  blank(FS_ANCHOR_START, FS_ANCHOR_LENGTH);
  blank(FS_AGENT_START, FS_AGENT_LENGTH);
  blank(FS_AGENT_COPY_START, FS_AGENT_LENGTH);
  put_agent();
  blank(FS_JOURNAL_0_START, FS_JOURNAL_0_LENGTH);
  blank(FS_JOURNAL_1_START, FS_JOURNAL_1_LENGTH);
  start();
}

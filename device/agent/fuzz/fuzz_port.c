/*
 * The port that the fuzz targets link: flash of an STM32F427 in an array, option bytes of a finished device, and
 * cryptography that lets everything pass. Signatures and tags are believed, so that what stands behind them is reached by
 * bytes that nobody signed; SHA-256 is the real one. Made for finding crashes, of no use for anything else.
 */
#include "fuzz_port.h"

#include <stdlib.h>
#include <string.h>

#include "fs_agent.h"
#include "fs_chip_facts.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_port.h"

/* SHA-256 of the port under its own name, the rest out of the way. */
#define fs_crypto_es256_verify real_es256_verify
#define fs_crypto_es256_sign real_es256_sign
#define fs_crypto_p256_public real_p256_public
#define fs_crypto_p256_check real_p256_check
#define fs_crypto_ecdh real_ecdh
#define fs_crypto_gcm_open real_gcm_open
#include "../port/bearssl/fs_crypto.c"
#undef fs_crypto_es256_verify
#undef fs_crypto_es256_sign
#undef fs_crypto_p256_public
#undef fs_crypto_p256_check
#undef fs_crypto_ecdh
#undef fs_crypto_gcm_open

jmp_buf fuzz_after_reset;

static uint8_t flash[FS_FLASH_SIZE_BYTES];
static uint8_t pristine[FS_ERASE_UNIT_COUNT][FS_ERASE_UNIT_MAX_BYTES];
static uint8_t is_dirty[FS_ERASE_UNIT_COUNT];
static uint32_t options[2] = {0x0fffccecu, 0x0fff0000u}; /* readout level 2 */
static uint8_t counter;

/* The harness checks what the core promises: no access outside of flash, no unaligned program, no zero bit set to one. */
static uint8_t *at(uint32_t address, uint32_t length) {
  uint32_t offset = address - FS_FLASH_START;
  if (offset > FS_FLASH_SIZE_BYTES || length > FS_FLASH_SIZE_BYTES - offset) abort();
  return flash + offset;
}

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  memcpy(bytes, at(address, length), length);
  return FS_OK;
}

static void mark(uint32_t address, uint32_t length) {
  uint32_t i;
  for (i = 0; i < FS_ERASE_UNIT_COUNT; i++) {
    const fs_range *unit = &fs_erase_units[i];
    if (address < unit->start + unit->length && unit->start < address + length) is_dirty[i] = 1;
  }
}

fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  uint8_t *to = at(address, length);
  uint32_t i;
  if (address % FS_WRITE_UNIT_BYTES != 0 || length % FS_WRITE_UNIT_BYTES != 0) abort();
  if (address < FS_AGENT_0_START + FS_AGENT_0_LENGTH) abort(); /* over the agent itself */
  mark(address, length);
  for (i = 0; i < length; i++) to[i] &= bytes[i];
  return FS_OK;
}

fs_result fs_port_flash_erase(uint32_t address) {
  uint32_t i;
  for (i = 0; i < FS_ERASE_UNIT_COUNT; i++) {
    if (fs_erase_units[i].start != address) continue;
    mark(address, 1);
    memset(at(address, fs_erase_units[i].length), 0xff, fs_erase_units[i].length);
    return FS_OK;
  }
  abort();
}

fs_result fs_port_option_read(uint32_t register_id, uint32_t *value) {
  if (register_id >= 2) return FS_ERR_OPTION_BYTES_FAILED;
  *value = options[register_id];
  return FS_OK;
}

fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  (void)register_ids;
  (void)values;
  (void)count;
  return FS_OK;
}

void fs_port_option_launch(void) { longjmp(fuzz_after_reset, 1); }
void fs_port_reset(void) { longjmp(fuzz_after_reset, 1); }
void fs_port_boot_application(uint32_t entry) {
  (void)at(FS_FLOW_ENTRY(entry), 8);
  longjmp(fuzz_after_reset, 2);
}
fs_answer fs_port_entry_requested(void) { return FS_YES; }

fs_result fs_port_random(uint8_t *bytes, uint32_t length) {
  uint32_t i;
  for (i = 0; i < length; i++) bytes[i] = ++counter;
  return FS_OK;
}

void fs_port_unique_id(uint8_t *bytes) { memset(bytes, 0x11, FS_UNIQUE_ID_LENGTH); }

static volatile uint32_t sum;

/* Every byte that is sent is looked at: none is outside of its buffer. */
void fs_port_link_send(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  for (i = 0; i < length; i++) sum += bytes[i];
}

fs_result fs_crypto_es256_verify(const uint8_t *key, const fs_view *parts, uint32_t count, const uint8_t *signature) {
  fs_sha256 context;
  uint8_t hash[FS_HASH_SIZE];
  uint32_t i;
  (void)key;
  (void)signature;
  fs_crypto_sha256_init(&context); /* reads all that would be hashed */
  for (i = 0; i < count; i++) fs_crypto_sha256_update(&context, parts[i].data, parts[i].length);
  fs_crypto_sha256_final(&context, hash);
  return FS_OK;
}

fs_result fs_crypto_es256_sign(const uint8_t *key, const fs_view *parts, uint32_t count, uint8_t *signature) {
  memset(signature, 1, FS_SIGNATURE_SIZE);
  return fs_crypto_es256_verify(key, parts, count, signature);
}

fs_result fs_crypto_p256_public(const uint8_t *key, uint8_t *point) {
  memset(point, 4, FS_POINT_SIZE);
  memcpy(point + 1, key, FS_SCALAR_SIZE);
  return FS_OK;
}

fs_result fs_crypto_p256_check(const uint8_t *point) { return point[0] == 4 ? FS_OK : FS_ERR_INTERNAL_CHECK_FAILED; }

fs_result fs_crypto_ecdh(const uint8_t *key, const uint8_t *point, uint8_t *x) {
  (void)key;
  memcpy(x, point + 1, FS_SCALAR_SIZE);
  return FS_OK;
}

fs_result fs_crypto_gcm_open(const uint8_t *key, const uint8_t *nonce, fs_view aad, fs_buffer data, const uint8_t *tag) {
  (void)key;
  (void)nonce;
  (void)tag;
  (void)fs_all(aad.data, aad.length, 0);
  (void)fs_all(data.data, data.length, 0);
  return FS_OK;
}

/* As personalization does it, without the messages. */
static void personalize(void) {
  static const uint8_t certificate[64] = {0x84};
  static const char product[] = "thermostat"; /* that of the vectors */
  fs_new_identity made;
  fs_view view = {certificate, sizeof certificate};
  memset(flash, 0xff, sizeof flash);
  memset(&made, 0x22, sizeof made);
  memcpy(made.product, product, sizeof product - 1u);
  made.product_length = sizeof product - 1u;
  made.epoch = 1;
  memset(&fs_now, 0, sizeof fs_now);
  fs_now.life_cycle = FS_LIFE_PERSONALIZED;
  fs_now.epoch = 1;
  if (fs_journal_create(made.device_key) != FS_OK) abort();
  if (fs_identity_write(&made, view, 0, 0) != FS_OK) abort();
}

void fuzz_chip_restore(void) {
  static int is_personalized;
  uint32_t i;
  if (!is_personalized) {
    personalize();
    for (i = 0; i < FS_ERASE_UNIT_COUNT; i++)
      memcpy(pristine[i], at(fs_erase_units[i].start, fs_erase_units[i].length), fs_erase_units[i].length);
    memset(is_dirty, 0, sizeof is_dirty);
    is_personalized = 1;
  }
  for (i = 0; i < FS_ERASE_UNIT_COUNT; i++) {
    if (is_dirty[i]) memcpy(at(fs_erase_units[i].start, fs_erase_units[i].length), pristine[i], fs_erase_units[i].length);
    is_dirty[i] = 0;
  }
  counter = 0;
  if (setjmp(fuzz_after_reset) != 0) abort(); /* a personalized chip does not reset by starting */
  fs_agent_boot();
  if (fs_identity_present() != FS_YES) abort();
}

/*
 * The WebAssembly port of agent and anchor: the host plays the chip. Every function of fs_port.h and
 * fs_crypto.h becomes an import of module "fs"; the host answers FS_OK (0x5a5a5a5a) or any other word.
 * Imports that do not return are played by the host throwing through the module, which it then discards.
 */
#include "fs_chip_facts.h"
#include "fs_crypto.h"
#include "fs_port.h"

#define IMPORT(name) __attribute__((import_module("fs"), import_name(name)))

IMPORT("flash_read") uint32_t host_flash_read(uint32_t address, uint8_t *bytes, uint32_t length);
IMPORT("flash_program") uint32_t host_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length);
IMPORT("flash_erase") uint32_t host_flash_erase(uint32_t address);
IMPORT("option_read") uint32_t host_option_read(uint32_t register_id, uint32_t *value);
IMPORT("option_program")
uint32_t host_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count);
IMPORT("level_key") uint32_t host_level_key(void);
IMPORT("option_launch") void host_option_launch(void);
IMPORT("system_reset") void host_system_reset(void);
IMPORT("boot_application") void host_boot_application(uint32_t entry);
IMPORT("entry_requested") uint32_t host_entry_requested(void);
IMPORT("trial_confirmed") uint32_t host_trial_confirmed(void);
IMPORT("trial_clear") void host_trial_clear(void);
IMPORT("receipt_requested") uint32_t host_receipt_requested(void);
IMPORT("status_leave") void host_status_leave(uint32_t address, const void *bytes, uint32_t length);
IMPORT("random") uint32_t host_random(uint8_t *bytes, uint32_t length);
IMPORT("unique_id") void host_unique_id(uint8_t *bytes, uint32_t length);
IMPORT("link_send") void host_link_send(const uint8_t *bytes, uint32_t length);
IMPORT("sha256_init") uint32_t host_sha256_init(void);
IMPORT("sha256_update") void host_sha256_update(uint32_t handle, const uint8_t *bytes, uint32_t length);
IMPORT("sha256_final") void host_sha256_final(uint32_t handle, uint8_t *hash);
IMPORT("es256_verify")
uint32_t host_es256_verify(const uint8_t *key, const fs_view *parts, uint32_t count, const uint8_t *signature);
IMPORT("es256_sign")
uint32_t host_es256_sign(const uint8_t *key, const uint8_t *hedge, const fs_view *parts, uint32_t count,
                         uint8_t *signature);
IMPORT("p256_public") uint32_t host_p256_public(const uint8_t *key, uint8_t *point);
IMPORT("p256_check") uint32_t host_p256_check(const uint8_t *point);
IMPORT("ecdh") uint32_t host_ecdh(const uint8_t *key, const uint8_t *point, uint8_t *x);
IMPORT("gcm_open")
uint32_t host_gcm_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, uint32_t aad_length,
                       uint8_t *data, uint32_t length, const uint8_t *tag);

/* The host reads arrays of views: two words each. */
FS_STATIC_ASSERT(sizeof(fs_view) == 8 && offsetof(fs_view, length) == 4);

fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length) {
  return host_flash_read(address, bytes, length);
}
fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length) {
  return host_flash_program(address, bytes, length);
}
fs_result fs_port_flash_erase(uint32_t address) { return host_flash_erase(address); }
fs_result fs_port_option_read(uint32_t register_id, uint32_t *value) { return host_option_read(register_id, value); }
fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count) {
  return host_option_program(register_ids, values, count);
}
fs_answer fs_port_level_key(void) { return host_level_key(); }
/* Nobody measures a supply here. */
fs_result fs_port_supply_bears(void) { return FS_OK; }
void fs_port_option_launch(void) {
  host_option_launch();
  __builtin_trap();
}
void fs_port_reset(void) {
  host_system_reset();
  __builtin_trap();
}
static uint32_t status[FS_STATUS_LENGTH / 4u];
uint32_t *fs_port_status_place(void) { return status; }
fs_answer fs_port_receipt_requested(void) { return host_receipt_requested(); }
/* The host moves the block to where a chip has it. */
void fs_port_boot_application(uint32_t entry) {
  host_status_leave(FS_STATUS_START, status, sizeof status);
  host_boot_application(FS_FLOW_ENTRY(entry));
  __builtin_trap();
}
fs_answer fs_port_entry_requested(void) { return host_entry_requested(); }
fs_answer fs_port_trial_confirmed(void) { return host_trial_confirmed(); }
void fs_port_trial_clear(void) { host_trial_clear(); }
void fs_port_trial_watchdog(void) {} /* the host that plays the chip has none */
fs_result fs_port_random(uint8_t *bytes, uint32_t length) { return host_random(bytes, length); }
void fs_port_unique_id(uint8_t *bytes) { host_unique_id(bytes, FS_UNIQUE_ID_LENGTH); }
void fs_port_link_send(const uint8_t *bytes, uint32_t length) { host_link_send(bytes, length); }

/* The context holds the host's handle. */
void fs_crypto_sha256_init(fs_sha256 *context) { context->opaque[0] = host_sha256_init(); }
void fs_crypto_sha256_update(fs_sha256 *context, const uint8_t *bytes, uint32_t length) {
  host_sha256_update((uint32_t)context->opaque[0], bytes, length);
}
void fs_crypto_sha256_final(fs_sha256 *context, uint8_t hash[FS_HASH_SIZE]) {
  host_sha256_final((uint32_t)context->opaque[0], hash);
}

fs_result fs_crypto_es256_verify(const uint8_t key[FS_POINT_SIZE], const fs_view *parts, uint32_t count,
                                 const uint8_t signature[FS_SIGNATURE_SIZE]) {
  return host_es256_verify(key, parts, count, signature);
}
fs_result fs_crypto_es256_sign(const uint8_t key[FS_SCALAR_SIZE], const uint8_t hedge[FS_HASH_SIZE],
                               const fs_view *parts, uint32_t count, uint8_t signature[FS_SIGNATURE_SIZE]) {
  return host_es256_sign(key, hedge, parts, count, signature);
}
fs_result fs_crypto_p256_public(const uint8_t key[FS_SCALAR_SIZE], uint8_t point[FS_POINT_SIZE]) {
  return host_p256_public(key, point);
}
fs_result fs_crypto_p256_check(const uint8_t point[FS_POINT_SIZE]) { return host_p256_check(point); }
fs_result fs_crypto_ecdh(const uint8_t key[FS_SCALAR_SIZE], const uint8_t point[FS_POINT_SIZE],
                         uint8_t x[FS_SCALAR_SIZE]) {
  return host_ecdh(key, point, x);
}
fs_result fs_crypto_gcm_open(const uint8_t key[FS_KEY_SIZE], const uint8_t nonce[FS_NONCE_SIZE], fs_view aad,
                             fs_buffer data, const uint8_t tag[FS_TAG_SIZE]) {
  return host_gcm_open(key, nonce, aad.data, aad.length, data.data, data.length, tag);
}

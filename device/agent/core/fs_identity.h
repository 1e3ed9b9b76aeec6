/*
 * The identity of the device (spec/device.md section 1): made once, at personalization, and kept in two or
 * three places. Layout in ../README.md and fs_identity.c. In RAM stay the thumbprint, the product and the
 * origin; keys are read from flash for one use, so that a glitch that sends RAM sends none.
 */
#ifndef FS_IDENTITY_H
#define FS_IDENTITY_H

#include "fs_cbor.h"
#include "fs_crypto.h"
#include "fs_hmac.h"
#include "fs_policy.h"

#define FS_CERTIFICATE_MAX 1024u

/* Origins of an identity: 1 to 3, and 5 to 7 for a rehearsal (spec/device.md section 1). */
#define FS_ORIGIN_MAX 7u
fs_answer fs_is_origin(uint32_t number);

/* What personalization makes before anything is written. */
typedef struct {
  uint8_t signing_private[FS_SCALAR_SIZE];
  uint8_t kem_private[FS_SCALAR_SIZE];
  uint8_t device_key[FS_KEY_SIZE];
  uint8_t seed[FS_KEY_SIZE]; /* zeros where the chip has a random generator */
  uint8_t root[FS_POINT_SIZE];
  uint8_t signing_public[FS_POINT_SIZE];
  uint8_t kem_public[FS_POINT_SIZE];
  uint8_t product_length;
  uint8_t product[32];
  uint8_t thumbprint[FS_HASH_SIZE];
  uint32_t epoch;
  uint32_t origin;
} fs_new_identity;

/* Looks for the identity in flash. FS_YES when there is an intact one; it is then loaded. */
fs_answer fs_identity_load(void);
/* Writes the identity that is loaded where a copy of it is missing, torn or another one. What is not possible
 * now is left for the next time. After an install of an agent, and at each boot. */
void fs_identity_heal(void);
/* Wipes what was loaded: before the application runs. */
void fs_identity_forget(void);
/* FS_YES when the range holds an identity of a version that this agent does not
 * know: another agent made it. */
fs_answer fs_identity_is_newer(void);
/* FS_YES when an identity is loaded. */
fs_answer fs_identity_present(void);

/* Writes and reads back; then it is loaded. `final`: the option bytes to be set. FS_ERR_FLASH_...,
 * FS_ERR_JOURNAL_FAILED when no slot is blank. */
fs_result fs_identity_write(const fs_new_identity *made, fs_view certificate, const fs_requirement *final,
                            uint32_t final_count);

fs_result fs_identity_signing_keys(uint8_t private_key[FS_SCALAR_SIZE], uint8_t public_key[FS_POINT_SIZE]);
fs_result fs_identity_kem_keys(uint8_t private_key[FS_SCALAR_SIZE], uint8_t public_key[FS_POINT_SIZE]);
/* Root (without its first byte) and epoch that the identity was given. */
fs_result fs_identity_beginnings(uint8_t root[FS_POINT_SIZE - 1u], uint32_t *epoch);
fs_result fs_identity_seed(uint8_t seed[FS_KEY_SIZE]);
fs_result fs_identity_final_options(fs_requirement *final, uint32_t *count);
/* Writes the certificate as a byte string. */
void fs_identity_write_certificate(fs_writer *writer);

fs_answer fs_identity_is_product(fs_view product);
/* The product that the identity is for; empty when none is loaded. */
fs_view fs_identity_product(void);
uint32_t fs_identity_origin(void);
const uint8_t *fs_identity_thumbprint(void);
/* The device key authenticates the journal and the valid record, and is a part of what random bytes are made
 * of. The caller wipes it. Left as it was where no identity is loaded. */
void fs_identity_device_key(uint8_t key[FS_KEY_SIZE]);
/* Begins an HMAC under the device key. */
void fs_identity_hmac_init(fs_hmac *context);
/* Null, or the device key of a personalization that has written no identity yet,
 * for fs_identity_hmac_init. */
void fs_identity_use_key(const uint8_t *key);

#endif

/* HMAC_DRBG with SHA-256: NIST SP 800-90A, section 10.1.2. */
#ifndef FS_DRBG_H
#define FS_DRBG_H

#include "fs_crypto.h"

typedef struct {
  uint8_t key[FS_HASH_SIZE];
  uint8_t value[FS_HASH_SIZE];
} fs_drbg;

/* Instantiates from the parts as one seed. */
void fs_drbg_begin(fs_drbg *state, const fs_view *seed, uint32_t count);

/* Reseeds: what was there before stays in it. */
void fs_drbg_add(fs_drbg *state, const fs_view *seed, uint32_t count);

/* Output, after which nothing leads back to it. */
void fs_drbg_take(fs_drbg *state, uint8_t *bytes, uint32_t length);

#endif

/* HMAC-SHA-256 (RFC 2104) and HKDF (RFC 5869) over the port's SHA-256. */
#ifndef FS_HMAC_H
#define FS_HMAC_H

#include "fs_crypto.h"

typedef struct {
  fs_sha256 inner;
  uint8_t outer_key[64];
} fs_hmac;

/* The key is at most 64 bytes: every key of suite 1 is 32, every salt 32, 64 or none. */
void fs_hmac_init(fs_hmac *context, const uint8_t *key, uint32_t length);
void fs_hmac_update(fs_hmac *context, const uint8_t *bytes, uint32_t length);
/* Gives the tag and wipes the context. */
void fs_hmac_final(fs_hmac *context, uint8_t tag[FS_HASH_SIZE]);

/* Extract: HMAC(salt, ikm). */
void fs_hkdf_extract(fs_view salt, fs_view ikm, uint8_t prk[FS_HASH_SIZE]);
/* Expand to at most 32 bytes: one block, over the parts as one info. */
void fs_hkdf_expand(const uint8_t prk[FS_HASH_SIZE], const fs_view *info, uint32_t count, uint8_t *out,
                    uint32_t length);

/* A view of text without its terminator. */
#define FS_TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1u}

#endif

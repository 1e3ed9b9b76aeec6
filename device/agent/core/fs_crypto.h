/*
 * Cryptography that the core asks of its port, by messages rather than by instructions, so that
 * BearSSL, a hardware unit and the importing WebAssembly host all fit. Suite 1 of spec/suites.md.
 * Every function gives FS_OK or any other word; a port MUST refuse exactly what BearSSL refuses
 * (points off the curve, infinity, r or s out of 1..n-1, a scalar of 0 or not below n). A high s is
 * refused by the core before the port is asked.
 */
#ifndef FS_CRYPTO_H
#define FS_CRYPTO_H

#include "fs_bytes.h"

#define FS_POINT_SIZE 65u
#define FS_SCALAR_SIZE 32u
#define FS_SIGNATURE_SIZE 64u
#define FS_HASH_SIZE 32u
#define FS_KEY_SIZE 32u
#define FS_NONCE_SIZE 12u
#define FS_TAG_SIZE 16u

/* Room for a port's running hash (BearSSL's br_sha256_context takes 112 bytes). Lives on the stack. */
typedef struct {
  uint64_t opaque[15];
} fs_sha256;

void fs_crypto_sha256_init(fs_sha256 *context);
void fs_crypto_sha256_update(fs_sha256 *context, const uint8_t *bytes, uint32_t length);
/* Ends the context; each context that was begun is ended once. */
void fs_crypto_sha256_final(fs_sha256 *context, uint8_t hash[FS_HASH_SIZE]);

/* ECDSA P-256 with SHA-256 over the parts as one message. */
fs_result fs_crypto_es256_verify(const uint8_t key[FS_POINT_SIZE], const fs_view *parts, uint32_t count,
                                 const uint8_t signature[FS_SIGNATURE_SIZE]);
/* The nonce is that of RFC 6979 section 3.6 with the hedge, 32 random bytes, as k'. s may come out high; the
 * core makes it low, and verifies it. */
fs_result fs_crypto_es256_sign(const uint8_t key[FS_SCALAR_SIZE], const uint8_t hedge[FS_HASH_SIZE],
                               const fs_view *parts, uint32_t count, uint8_t signature[FS_SIGNATURE_SIZE]);
/* The public key of a scalar; refuses 0 and what is not below n. */
fs_result fs_crypto_p256_public(const uint8_t key[FS_SCALAR_SIZE], uint8_t point[FS_POINT_SIZE]);
/* FS_OK for an uncompressed point on the curve other than infinity. */
fs_result fs_crypto_p256_check(const uint8_t point[FS_POINT_SIZE]);
/* The x coordinate of the product. */
fs_result fs_crypto_ecdh(const uint8_t key[FS_SCALAR_SIZE], const uint8_t point[FS_POINT_SIZE],
                         uint8_t x[FS_SCALAR_SIZE]);

/* Decrypts in place after the tag was found right; otherwise the data holds no plaintext. */
fs_result fs_crypto_gcm_open(const uint8_t key[FS_KEY_SIZE], const uint8_t nonce[FS_NONCE_SIZE], fs_view aad,
                             fs_buffer data, const uint8_t tag[FS_TAG_SIZE]);

#endif

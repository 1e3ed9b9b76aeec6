/* HPKE base mode of suite 1 (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
 * AES-256-GCM; the receiving side. */
#ifndef FS_HPKE_H
#define FS_HPKE_H

#include "fs_crypto.h"

typedef struct {
  const uint8_t *private_key; /* 32 bytes */
  const uint8_t *public_key;  /* 65 bytes, of the private key */
  const uint8_t *enc;         /* 65 bytes */
  fs_view info;
  fs_view aad;
} fs_hpke_context;

/* Opens the ciphertext (with its tag) in place; *plaintext is its first part. FS_OK or any other word. */
fs_result fs_hpke_open(const fs_hpke_context *context, fs_buffer ciphertext, fs_buffer *plaintext);

#endif

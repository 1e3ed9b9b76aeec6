/* See fs_hash.h. */
#include "fs_hash.h"

void __attribute__((noinline)) fs_hash_of(const void *bytes, uint32_t length, uint8_t hash[FS_HASH_SIZE]) {
  fs_sha256 context;
  fs_crypto_sha256_init(&context);
  fs_crypto_sha256_update(&context, bytes, length);
  fs_crypto_sha256_final(&context, hash);
}

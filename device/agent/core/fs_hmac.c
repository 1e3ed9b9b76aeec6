/* See fs_hmac.h. */
#include "fs_hmac.h"

void fs_hmac_init(fs_hmac *context, const uint8_t *key, uint32_t length) {
  uint8_t inner_key[64];
  uint32_t i;
  for (i = 0; i < 64; i++) {
    uint8_t byte = i < length ? key[i] : 0;
    inner_key[i] = byte ^ 0x36u;
    context->outer_key[i] = byte ^ 0x5cu;
  }
  fs_crypto_sha256_init(&context->inner);
  fs_crypto_sha256_update(&context->inner, inner_key, sizeof inner_key);
  fs_wipe(inner_key, sizeof inner_key);
}

void fs_hmac_update(fs_hmac *context, const uint8_t *bytes, uint32_t length) {
  fs_crypto_sha256_update(&context->inner, bytes, length);
}

void fs_hmac_final(fs_hmac *context, uint8_t tag[FS_HASH_SIZE]) {
  uint8_t hash[FS_HASH_SIZE];
  fs_crypto_sha256_final(&context->inner, hash);
  fs_crypto_sha256_init(&context->inner);
  fs_crypto_sha256_update(&context->inner, context->outer_key, sizeof context->outer_key);
  fs_crypto_sha256_update(&context->inner, hash, sizeof hash);
  fs_crypto_sha256_final(&context->inner, tag);
  fs_wipe(hash, sizeof hash);
  fs_wipe(context, sizeof *context);
}

void fs_hkdf_extract(fs_view salt, fs_view ikm, uint8_t prk[FS_HASH_SIZE]) {
  fs_hmac context;
  fs_hmac_init(&context, salt.data, salt.length);
  fs_hmac_update(&context, ikm.data, ikm.length);
  fs_hmac_final(&context, prk);
}

void fs_hkdf_expand(const uint8_t prk[FS_HASH_SIZE], const fs_view *info, uint32_t count, uint8_t *out,
                    uint32_t length) {
  static const uint8_t first = 1;
  uint8_t block[FS_HASH_SIZE];
  fs_hmac context;
  uint32_t i;
  fs_hmac_init(&context, prk, FS_HASH_SIZE);
  for (i = 0; i < count; i++) fs_hmac_update(&context, info[i].data, info[i].length);
  fs_hmac_update(&context, &first, 1);
  fs_hmac_final(&context, block);
  memcpy(out, block, length <= sizeof block ? length : 0);
  fs_wipe(block, sizeof block);
}

/*
 * Cryptography of the fuzz targets, INSECURE on purpose: signatures are two hashes of key and message,
 * the cipher leaves data as they are and tags them with a hash, the key exchange is an exclusive or.
 * What nobody signed is refused, and the mutator can sign anything. SHA-256 is the port's own. The same
 * in TypeScript: stand-in-crypto.ts.
 */
#include "fuzz_chip.h"

/* SHA-256 of the port under its own name, the rest out of the way. */
#define fs_crypto_es256_verify real_es256_verify
#define fs_crypto_es256_sign real_es256_sign
#define fs_crypto_p256_public real_p256_public
#define fs_crypto_p256_check real_p256_check
#define fs_crypto_ecdh real_ecdh
#define fs_crypto_gcm_open real_gcm_open
#include "../../device/agent/port/bearssl/fs_crypto.c"
#undef fs_crypto_es256_verify
#undef fs_crypto_es256_sign
#undef fs_crypto_p256_public
#undef fs_crypto_p256_check
#undef fs_crypto_ecdh
#undef fs_crypto_gcm_open

static void sign(const uint8_t *key, const fs_view *parts, uint32_t count, uint8_t *signature) {
  fs_sha256 context;
  uint32_t i;
  fs_crypto_sha256_init(&context);
  fs_crypto_sha256_update(&context, key, FS_POINT_SIZE);
  for (i = 0; i < count; i++) fs_crypto_sha256_update(&context, parts[i].data, parts[i].length);
  fs_crypto_sha256_final(&context, signature);
  memcpy(signature + 32, signature, 32);
  signature[32] &= 0x3f; /* low */
}

/* Right, or made right by the mutator. */
static fs_result compare(const uint8_t *given, const uint8_t *right, uint32_t length, fs_result fault) {
  if (fs_equal(given, right, length) == FS_YES) return FS_OK;
  if (!fuzz_is_forging) return fault;
  fuzz_note_forgery(given, right, length);
  return FS_OK;
}

fs_result fs_crypto_p256_public(const uint8_t *key, uint8_t *point) {
  point[0] = 4;
  memcpy(point + 1, key, 32);
  memcpy(point + 33, key, 32);
  return FS_OK;
}

fs_result fs_crypto_p256_check(const uint8_t *point) { return point[0] == 4 ? FS_OK : FS_ERR_INTERNAL_CHECK_FAILED; }

fs_result fs_crypto_es256_verify(const uint8_t *key, const fs_view *parts, uint32_t count, const uint8_t *signature) {
  uint8_t right[FS_SIGNATURE_SIZE];
  if (fs_crypto_p256_check(key) != FS_OK) return FS_ERR_COSE_SIGNATURE_INVALID;
  sign(key, parts, count, right);
  return compare(signature, right, sizeof right, FS_ERR_COSE_SIGNATURE_INVALID);
}

/* The other s of the same signature: the order of P-256 less s. */
static void other_half(uint8_t s[32]) {
  static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
  uint32_t borrow = 0;
  uint32_t i;
  for (i = 32; i > 0; i--) {
    uint32_t less = (uint32_t)s[i - 1u] + borrow;
    borrow = order[i - 1u] < less ? 1u : 0u;
    s[i - 1u] = (uint8_t)(order[i - 1u] + (borrow << 8) - less);
  }
}

/* Every other one comes out high, as real ones do: the core has to make it low. */
fs_result fs_crypto_es256_sign(const uint8_t *key, const uint8_t *hedge, const fs_view *parts, uint32_t count,
                               uint8_t *signature) {
  uint8_t point[FS_POINT_SIZE];
  (void)hedge; /* the same message has the same signature: inputs are repeated */
  (void)fs_crypto_p256_public(key, point);
  sign(point, parts, count, signature);
  if (signature[63] & 1u) other_half(signature + 32);
  return FS_OK;
}

fs_result fs_crypto_ecdh(const uint8_t *key, const uint8_t *point, uint8_t *x) {
  uint32_t i;
  if (fs_crypto_p256_check(point) != FS_OK) return FS_ERR_INTERNAL_CHECK_FAILED;
  for (i = 0; i < 32; i++) x[i] = key[i] ^ point[1u + i];
  return FS_OK;
}

fs_result fs_crypto_gcm_open(const uint8_t *key, const uint8_t *nonce, fs_view aad, fs_buffer data, const uint8_t *tag) {
  uint8_t right[FS_HASH_SIZE];
  fs_sha256 context;
  fs_crypto_sha256_init(&context);
  fs_crypto_sha256_update(&context, key, FS_KEY_SIZE);
  fs_crypto_sha256_update(&context, nonce, FS_NONCE_SIZE);
  fs_crypto_sha256_update(&context, aad.data, aad.length);
  fs_crypto_sha256_update(&context, data.data, data.length);
  fs_crypto_sha256_final(&context, right);
  return compare(tag, right, FS_TAG_SIZE, FS_ERR_RECORD_TAG_WRONG);
}

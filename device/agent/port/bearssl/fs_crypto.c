/*
 * core/fs_crypto.h by BearSSL 0.6 (MIT): P-256, ECDSA (fs_ecdsa.c), SHA-256, AES-256-GCM. All of it runs in
 * constant time for secret inputs and takes no heap. Of BearSSL this uses the parts that sources.json lists;
 * GCM is put together here, because the tag has to be right before the first byte is decrypted.
 */
#include "fs_crypto.h"

#include "bearssl.h"
#include "fs_bearssl.h"
#include "fs_ecdsa.h"

const uint8_t fs_order[FS_SCALAR_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

fs_answer fs_scalar_in_range(const uint8_t scalar[FS_SCALAR_SIZE]) {
  uint32_t borrow = 0;
  uint32_t any = 0;
  uint32_t i;
  for (i = FS_SCALAR_SIZE; i-- > 0;) {
    /* scalar - n ends with a borrow exactly when scalar < n */
    borrow = ((uint32_t)scalar[i] - fs_order[i] - borrow) >> 31;
    any |= scalar[i];
  }
  return (borrow & ((any + 0xffu) >> 8)) != 0 ? FS_YES : FS_NO;
}

FS_STATIC_ASSERT(sizeof(br_sha256_context) <= sizeof(fs_sha256));
FS_STATIC_ASSERT(_Alignof(br_sha256_context) <= _Alignof(fs_sha256));

void fs_crypto_sha256_init(fs_sha256 *context) { br_sha256_init((br_sha256_context *)context->opaque); }

void fs_crypto_sha256_update(fs_sha256 *context, const uint8_t *bytes, uint32_t length) {
  br_sha256_update((br_sha256_context *)context->opaque, bytes, length);
}

void fs_crypto_sha256_final(fs_sha256 *context, uint8_t hash[FS_HASH_SIZE]) {
  br_sha256_out((br_sha256_context *)context->opaque, hash);
  fs_wipe(context, sizeof *context);
}

static void hash_parts(const fs_view *parts, uint32_t count, uint8_t hash[FS_HASH_SIZE]) {
  fs_sha256 context;
  uint32_t i;
  fs_crypto_sha256_init(&context);
  for (i = 0; i < count; i++) fs_crypto_sha256_update(&context, parts[i].data, parts[i].length);
  fs_crypto_sha256_final(&context, hash);
}

fs_result fs_crypto_es256_verify(const uint8_t key[FS_POINT_SIZE], const fs_view *parts, uint32_t count,
                                 const uint8_t signature[FS_SIGNATURE_SIZE]) {
  uint8_t hash[FS_HASH_SIZE];
  uint8_t point[FS_POINT_SIZE];
  br_ec_public_key public;
  volatile uint32_t right;
  /* BearSSL itself takes r = 0, and finds it wrong unless the result's x coordinate is 0 too. */
  FS_REQUIRE(fs_scalar_in_range(signature) == FS_YES, FS_ERR_COSE_SIGNATURE_INVALID);
  FS_REQUIRE(fs_scalar_in_range(signature + FS_SCALAR_SIZE) == FS_YES, FS_ERR_COSE_SIGNATURE_INVALID);
  hash_parts(parts, count, hash);
  memcpy(point, key, sizeof point);
  public.curve = BR_EC_secp256r1;
  public.q = point;
  public.qlen = sizeof point;
  right = FS_BR_VERIFY(&FS_BR_P256, hash, sizeof hash, &public, signature, FS_SIGNATURE_SIZE);
  FS_REQUIRE(right == 1u, FS_ERR_COSE_SIGNATURE_INVALID);
  return FS_OK;
}

fs_result fs_crypto_es256_sign(const uint8_t key[FS_SCALAR_SIZE], const uint8_t hedge[FS_HASH_SIZE],
                               const fs_view *parts, uint32_t count, uint8_t signature[FS_SIGNATURE_SIZE]) {
  uint8_t hash[FS_HASH_SIZE];
  FS_REQUIRE(fs_scalar_in_range(key) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  hash_parts(parts, count, hash);
  return fs_ecdsa_sign(key, hedge, hash, signature);
}

fs_result fs_crypto_p256_public(const uint8_t key[FS_SCALAR_SIZE], uint8_t point[FS_POINT_SIZE]) {
  FS_REQUIRE(fs_scalar_in_range(key) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_REQUIRE(FS_BR_P256.mulgen(point, key, FS_SCALAR_SIZE, BR_EC_secp256r1) == FS_POINT_SIZE,
             FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* Product into a copy of the point; its only caller of BearSSL's mul, which checks that
 * the point is on the curve. */
static fs_result multiply(const uint8_t *scalar, uint32_t length, const uint8_t point[FS_POINT_SIZE],
                          uint8_t product[FS_POINT_SIZE]) {
  volatile uint32_t valid;
  memcpy(product, point, FS_POINT_SIZE);
  valid = FS_BR_P256.mul(product, FS_POINT_SIZE, scalar, length, BR_EC_secp256r1);
  FS_REQUIRE(valid == 1u, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_crypto_p256_check(const uint8_t point[FS_POINT_SIZE]) {
  /* One byte of scalar: the product is thrown away, the check is what is wanted. */
  static const uint8_t one = 1;
  uint8_t product[FS_POINT_SIZE];
  return multiply(&one, 1, point, product);
}

fs_result fs_crypto_ecdh(const uint8_t key[FS_SCALAR_SIZE], const uint8_t point[FS_POINT_SIZE],
                         uint8_t x[FS_SCALAR_SIZE]) {
  uint8_t product[FS_POINT_SIZE];
  volatile fs_result result; /* in memory: read again after the second call */
  FS_REQUIRE(fs_scalar_in_range(key) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  result = multiply(key, FS_SCALAR_SIZE, point, product);
  /* The group has prime order, so the product of a point on the curve and 1..n-1 is on the curve, and never
   * infinity, which BearSSL writes as zeros. A glitch makes one that is not, and so does a point off
   * the curve that was let in. */
  /* Defence ecdh-product-checked */
  if (fs_crypto_p256_check(product) != FS_OK) result = FS_ERR_INTERNAL_CHECK_FAILED;
  if (result == FS_OK) memcpy(x, product + 1, FS_SCALAR_SIZE);
  fs_wipe(product, sizeof product);
  return result;
}

static void put_bits(uint8_t *bytes, uint32_t length) {
  /* A length in bits as 64 bits, big-endian. */
  fs_put_u32be(bytes, length >> 29);
  fs_put_u32be(bytes + 4, length << 3);
}

/* NIST SP 800-38D section 7.2 with a nonce of 12 bytes: the tag first, over the
 * ciphertext; then counter mode. */
fs_result fs_crypto_gcm_open(const uint8_t key[FS_KEY_SIZE], const uint8_t nonce[FS_NONCE_SIZE], fs_view aad,
                             fs_buffer data, const uint8_t tag[FS_TAG_SIZE]) {
  br_aes_ct_ctr_keys keys;
  uint8_t h[16];
  uint8_t y[16];
  uint8_t lengths[16];
  static const uint8_t zeros[FS_NONCE_SIZE];
  volatile fs_answer right[2]; /* in memory, by two comparisons: one that is spoilt is not enough */
  br_aes_ct_ctr_init(&keys, key, FS_KEY_SIZE);
  memset(h, 0, sizeof h);
  br_aes_ct_ctr_run(&keys, zeros, 0, h, sizeof h); /* H = E(0^128) */
  memset(y, 0, sizeof y);
  FS_BR_GHASH(y, h, aad.data, aad.length); /* pads each of the two with zeros to a block */
  FS_BR_GHASH(y, h, data.data, data.length);
  put_bits(lengths, aad.length);
  put_bits(lengths + 8, data.length);
  FS_BR_GHASH(y, h, lengths, sizeof lengths);
  br_aes_ct_ctr_run(&keys, nonce, 1, y, sizeof y); /* J0 has the counter 1 */
  right[0] = fs_equal(y, tag, FS_TAG_SIZE);
  right[1] = fs_equal(tag, y, FS_TAG_SIZE);
  if (right[0] == FS_YES && right[1] == FS_YES) br_aes_ct_ctr_run(&keys, nonce, 2, data.data, data.length);
  fs_wipe(&keys, sizeof keys);
  fs_wipe(h, sizeof h);
  fs_wipe(y, sizeof y);
  FS_REQUIRE(right[0] == FS_YES, FS_ERR_RECORD_TAG_WRONG);
  FS_REQUIRE(right[1] == FS_YES, FS_ERR_RECORD_TAG_WRONG);
  return FS_OK;
}

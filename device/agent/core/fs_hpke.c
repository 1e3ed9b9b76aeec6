/* See fs_hpke.h. Names of the steps as in RFC 9180 sections 4 and 5.1. */
#include "fs_hpke.h"

#include "fs_hmac.h"

static const uint8_t kem_suite[5] = {'K', 'E', 'M', 0x00, 0x10};
static const uint8_t hpke_suite[10] = {'H', 'P', 'K', 'E', 0x00, 0x10, 0x00, 0x01, 0x00, 0x02};
static const fs_view kem_suite_id = {kem_suite, sizeof kem_suite};
static const fs_view hpke_suite_id = {hpke_suite, sizeof hpke_suite};
static const fs_view version = FS_TEXT("HPKE-v1");
static const fs_view nothing = {0, 0};

static void labeled_extract(fs_view suite, fs_view salt, fs_view label, fs_view ikm, uint8_t prk[FS_HASH_SIZE]) {
  fs_hmac context;
  fs_hmac_init(&context, salt.data, salt.length);
  fs_hmac_update(&context, version.data, version.length);
  fs_hmac_update(&context, suite.data, suite.length);
  fs_hmac_update(&context, label.data, label.length);
  fs_hmac_update(&context, ikm.data, ikm.length);
  fs_hmac_final(&context, prk);
}

/* Expands to at most 32 bytes over the two parts of the info. */
static void labeled_expand(const uint8_t prk[FS_HASH_SIZE], fs_view suite, fs_view label, const fs_view info[2],
                           fs_buffer out) {
  uint8_t size[2];
  fs_view parts[6];
  size[0] = 0;
  size[1] = (uint8_t)out.length;
  parts[0].data = size;
  parts[0].length = sizeof size;
  parts[1] = version;
  parts[2] = suite;
  parts[3] = label;
  parts[4] = info[0];
  parts[5] = info[1];
  fs_hkdf_expand(prk, parts, 6, out.data, out.length);
}

/* Decap: the KEM's shared secret. */
static fs_result decap(const fs_hpke_context *context, uint8_t shared[FS_HASH_SIZE]) {
  static const fs_view eae_prk = FS_TEXT("eae_prk");
  static const fs_view shared_secret = FS_TEXT("shared_secret");
  uint8_t dh[FS_SCALAR_SIZE];
  uint8_t prk[FS_HASH_SIZE];
  fs_view ikm, kem_context[2];
  fs_buffer out;
  FS_TRY(fs_crypto_ecdh(context->private_key, context->enc, dh));
  ikm.data = dh;
  ikm.length = sizeof dh;
  labeled_extract(kem_suite_id, nothing, eae_prk, ikm, prk);
  kem_context[0].data = context->enc;
  kem_context[0].length = FS_POINT_SIZE;
  kem_context[1].data = context->public_key;
  kem_context[1].length = FS_POINT_SIZE;
  out.data = shared;
  out.length = FS_HASH_SIZE;
  labeled_expand(prk, kem_suite_id, shared_secret, kem_context, out);
  fs_wipe(dh, sizeof dh);
  fs_wipe(prk, sizeof prk);
  return FS_OK;
}

/* KeyScheduleR with mode_base: key and base nonce of the one message. */
static void key_schedule(const uint8_t shared[FS_HASH_SIZE], fs_view info, uint8_t key[FS_KEY_SIZE],
                         uint8_t nonce[FS_NONCE_SIZE]) {
  static const fs_view psk_id_hash = FS_TEXT("psk_id_hash");
  static const fs_view info_hash = FS_TEXT("info_hash");
  static const fs_view secret_label = FS_TEXT("secret");
  static const fs_view key_label = FS_TEXT("key");
  static const fs_view nonce_label = FS_TEXT("base_nonce");
  uint8_t schedule[1 + 2 * FS_HASH_SIZE];
  uint8_t secret[FS_HASH_SIZE];
  fs_view salt, parts[2];
  fs_buffer out;
  schedule[0] = 0; /* mode_base */
  labeled_extract(hpke_suite_id, nothing, psk_id_hash, nothing, schedule + 1);
  labeled_extract(hpke_suite_id, nothing, info_hash, info, schedule + 1 + FS_HASH_SIZE);
  salt.data = shared;
  salt.length = FS_HASH_SIZE;
  labeled_extract(hpke_suite_id, salt, secret_label, nothing, secret);
  parts[0].data = schedule;
  parts[0].length = sizeof schedule;
  parts[1] = nothing;
  out.data = key;
  out.length = FS_KEY_SIZE;
  labeled_expand(secret, hpke_suite_id, key_label, parts, out);
  out.data = nonce;
  out.length = FS_NONCE_SIZE;
  labeled_expand(secret, hpke_suite_id, nonce_label, parts, out);
  fs_wipe(secret, sizeof secret);
}

fs_result fs_hpke_open(const fs_hpke_context *context, fs_buffer ciphertext, fs_buffer *plaintext) {
  uint8_t shared[FS_HASH_SIZE];
  uint8_t key[FS_KEY_SIZE];
  uint8_t nonce[FS_NONCE_SIZE];
  volatile fs_result opened; /* in memory: looked at twice */
  FS_REQUIRE(ciphertext.length >= FS_TAG_SIZE, FS_ERR_LICENSE_UNWRAP_FAILED);
  plaintext->data = ciphertext.data;
  plaintext->length = ciphertext.length - FS_TAG_SIZE; /* at least 0, as just checked */
  FS_TRY(decap(context, shared));
  key_schedule(shared, context->info, key, nonce);
  opened = fs_crypto_gcm_open(key, nonce, context->aad, *plaintext, ciphertext.data + plaintext->length);
  fs_wipe(shared, sizeof shared);
  fs_wipe(key, sizeof key);
  fs_wipe(nonce, sizeof nonce);
  FS_INSIST(opened == FS_OK, FS_ERR_LICENSE_UNWRAP_FAILED);
  return FS_OK;
}

/* See fs_license.h. */
#include "fs_license.h"

#include "fs_estimate.h"
#include "fs_flow.h"
#include "fs_hello.h"
#include "fs_hmac.h"
#include "fs_hpke.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_pending.h"
#include "fs_session.h"

#define PAYLOAD_MOST 2048u
#define BUNDLE_MOST 4096u

enum { MODE_SESSION = 1, MODE_STANDING = 2 };

typedef struct {
  fs_view encoded;
  fs_view job_id;
  fs_view license_id;
  fs_view manifest_digest;
  fs_view thumbprint;
  fs_view nonce;
  fs_view receipt_nonce;
  fs_view enc;
  fs_view ciphertext;
  uint32_t mode;
  uint32_t counter_floor;
  uint32_t epoch;      /* in force with the statement of this bundle, found by this pass alone */
  fs_answer journaled; /* it is the license whose unwraps are counted */
  uint8_t digest[FS_HASH_SIZE];
} license;

/* [license, delegation, epoch or null] */
static fs_result read_bundle(fs_view bundle, fs_view *object, fs_view *delegation, fs_view *epoch) {
  fs_cbor cursor = fs_cbor_open(bundle);
  uint32_t count;
  FS_TRY(fs_cbor_check(bundle, 1));
  FS_TRY(fs_cbor_array(&cursor, 3, 3, &count));
  FS_TRY(fs_cbor_bytes(&cursor, 0, BUNDLE_MOST, object));
  FS_TRY(fs_cbor_bytes(&cursor, 0, BUNDLE_MOST, delegation));
  epoch->data = 0;
  epoch->length = 0;
  if (fs_cbor_null(&cursor) != FS_YES) FS_TRY(fs_cbor_bytes(&cursor, 0, BUNDLE_MOST, epoch));
  return fs_cbor_done(&cursor);
}

static fs_result take_bytes(fs_cbor *cursor, uint32_t key, uint32_t length, fs_view *bytes) {
  FS_TRY(fs_cbor_key(cursor, key));
  return fs_cbor_bytes(cursor, length, length, bytes);
}

static fs_result take_uint(fs_cbor *cursor, uint32_t key, uint32_t most, uint32_t *value) {
  FS_TRY(fs_cbor_key(cursor, key));
  return fs_cbor_uint(cursor, most, value);
}

/* {0: terms, 1: enc, 2: ciphertext} */
static fs_result read_payload(fs_view payload, license *read) {
  fs_cbor cursor = fs_cbor_open(payload);
  uint32_t pairs;
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(&cursor, 3, 3, &pairs));
  FS_TRY(fs_cbor_key(&cursor, 0));
  FS_TRY(fs_cbor_bytes(&cursor, 0, PAYLOAD_MOST, &read->encoded));
  FS_TRY(take_bytes(&cursor, 1, FS_POINT_SIZE, &read->enc));
  FS_TRY(fs_cbor_key(&cursor, 2));
  FS_TRY(fs_cbor_bytes(&cursor, 52, 1200, &read->ciphertext));
  return fs_cbor_done(&cursor);
}

/* Format version and mode come first, when the terms are a map that has them as integers. */
static fs_result check_version(fs_view terms) {
  uint32_t value;
  FS_TRY_AS(fs_cbor_check(terms, 1), FS_ERR_LICENSE_MALFORMED);
  if (fs_cbor_find_integer(terms, 0, &value) == FS_YES) FS_REQUIRE(value == 1,
                                                                   FS_ERR_LICENSE_VERSION_UNSUPPORTED);
  if (fs_cbor_find_integer(terms, 6, &value) == FS_YES)
    FS_REQUIRE(value == MODE_SESSION || value == MODE_STANDING, FS_ERR_LICENSE_VERSION_UNSUPPORTED);
  return FS_OK;
}

/* The terms of spec/license.md section 1; key 7 in mode session only. */
static fs_result read_terms(license *read) {
  fs_cbor cursor = fs_cbor_open(read->encoded);
  uint32_t pairs, value;
  FS_TRY(fs_cbor_map(&cursor, 9, 10, &pairs));
  FS_TRY(take_uint(&cursor, 0, 1, &value));
  FS_REQUIRE(value == 1, FS_CBOR_SHAPE);
  FS_TRY(take_bytes(&cursor, 1, 16, &read->job_id));
  FS_TRY(take_bytes(&cursor, 2, 16, &read->license_id));
  FS_TRY(take_uint(&cursor, 3, FS_COUNT_MAX, &value));
  FS_TRY(take_bytes(&cursor, 4, FS_HASH_SIZE, &read->manifest_digest));
  FS_TRY(take_bytes(&cursor, 5, FS_HASH_SIZE, &read->thumbprint));
  FS_TRY(take_uint(&cursor, 6, MODE_STANDING, &read->mode));
  FS_REQUIRE(read->mode >= MODE_SESSION, FS_CBOR_SHAPE);
  FS_REQUIRE(pairs == (read->mode == MODE_SESSION ? 10u : 9u), FS_CBOR_SHAPE);
  if (read->mode == MODE_SESSION) FS_TRY(take_bytes(&cursor, 7, FS_NONCE16_SIZE, &read->nonce));
  FS_TRY(take_bytes(&cursor, 8, FS_HASH_SIZE, &read->receipt_nonce));
  FS_TRY(take_uint(&cursor, 9, FS_COUNT_MAX, &read->counter_floor));
  return fs_cbor_done(&cursor);
}

/* Steps 1 and 2. */
static fs_result verify(fs_view bundle, license *read, fs_delegation *issuer) {
  fs_view object, delegation, epoch;
  fs_cose cose;
  FS_TRY_AS(read_bundle(bundle, &object, &delegation, &epoch), FS_ERR_LICENSE_MALFORMED);
  read->epoch = fs_now.epoch; /* what the package stated is in it */
  FS_DECIDE(fs_delegation_verify(delegation, epoch, FS_ROLE_LICENSE_ISSUER, &read->epoch, issuer));
  FS_TRY_AS(fs_cose_open(object, FS_TYP_LICENSE, PAYLOAD_MOST, &cose), FS_ERR_LICENSE_MALFORMED);
  /* Defence license-signature */
  FS_DECIDE_AS(fs_cose_verify(&cose, issuer->key), FS_ERR_LICENSE_SIGNATURE_INVALID);
  fs_cose_digest(&cose, read->digest);
  FS_TRY_AS(read_payload(cose.payload, read), FS_ERR_LICENSE_MALFORMED);
  FS_TRY(check_version(read->encoded));
  FS_TRY_AS(read_terms(read), FS_ERR_LICENSE_MALFORMED);
  return FS_OK;
}

/* Steps 3 to 5. */
static fs_result check_terms(const license *read, const fs_delegation *issuer) {
  const fs_manifest *manifest = &fs_session.manifest;
  FS_DEMAND(fs_equal(read->manifest_digest.data, manifest->digest, FS_HASH_SIZE) == FS_YES,
             FS_ERR_LICENSE_MANIFEST_WRONG);
  /* Defence license-thumbprint */
  FS_DEMAND(fs_equal(read->thumbprint.data, fs_identity_thumbprint(), FS_HASH_SIZE) == FS_YES,
             FS_ERR_LICENSE_DEVICE_WRONG);
  if (read->mode == MODE_SESSION)
    FS_DEMAND(read->journaled == FS_YES || fs_nonce_is(read->nonce.data) == FS_YES,
              FS_ERR_LICENSE_NONCE_WRONG);
  FS_DEMAND(manifest->security_counter >= read->counter_floor, FS_ERR_LICENSE_COUNTER_FLOOR);
  FS_DEMAND(manifest->security_counter <= issuer->counter_cap, FS_ERR_DELEGATION_COUNTER_EXCEEDED);
  return FS_OK;
}

/* One pass: the journal counts this license, so often. */
static fs_result __attribute__((noinline)) check_counted(const license *read, uint32_t count) {
  /* Defence license-count-looked-at */
  FS_DEMAND(fs_now.unwraps == count && count <= FS_UNWRAP_MAX, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.receipt == FS_NO && (count == 1u || read->journaled == FS_YES),
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.license_digest, read->digest, FS_HASH_SIZE) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.license_id, read->license_id.data, sizeof fs_now.license_id) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.job_id, read->job_id.data, sizeof fs_now.job_id) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.receipt_nonce, read->receipt_nonce.data, FS_HASH_SIZE) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_STEP(FS_STEP_COUNT);
  return FS_OK;
}

/* Step 6: counted before the key is opened. */
static fs_result journal_unwrap(const license *read) {
  /* Computed apart: a count that was not stored differs from it. */
  volatile uint32_t count = read->journaled == FS_YES ? fs_now.unwraps + 1u : 1u;
  if (read->journaled == FS_YES) {
    /* Defence license-unwraps-limited */
    FS_INSIST(fs_now.unwraps < FS_UNWRAP_MAX, FS_ERR_LICENSE_UNWRAPS_EXHAUSTED);
    fs_now.unwraps++;
  } else {
    FS_INSIST(fs_now.unwraps == 0 || fs_equal(read->digest, fs_now.license_digest, FS_HASH_SIZE) != FS_YES,
              FS_ERR_INTERNAL_CHECK_FAILED);
    fs_now.unwraps = 1;
    memcpy(fs_now.license_digest, read->digest, sizeof fs_now.license_digest);
  }
  memcpy(fs_now.license_id, read->license_id.data, sizeof fs_now.license_id);
  memcpy(fs_now.job_id, read->job_id.data, sizeof fs_now.job_id);
  memcpy(fs_now.receipt_nonce, read->receipt_nonce.data, sizeof fs_now.receipt_nonce);
  fs_now.receipt = FS_NO;
  FS_TRY(fs_journal_commit());
  FS_TRY(check_counted(read, count));
  FS_TRY(check_counted(read, count));
  if (read->mode == MODE_SESSION) fs_nonce_forget();
  return FS_OK;
}

/* [content key, [data, ...]]; the data exactly as long as their areas. */
static fs_result read_plaintext(fs_view plaintext, fs_view *content_key, fs_device_data *data) {
  fs_cbor cursor = fs_cbor_open(plaintext);
  const fs_manifest *manifest = &fs_session.manifest;
  uint32_t count, i;
  FS_TRY(fs_cbor_check(plaintext, 1));
  FS_TRY(fs_cbor_array(&cursor, 2, 2, &count));
  FS_TRY(fs_cbor_bytes(&cursor, FS_KEY_SIZE, FS_KEY_SIZE, content_key));
  FS_TRY(fs_cbor_array(&cursor, 0, FS_AREA_MAX, &count));
  data->count = 0;
  for (i = 0; i < manifest->area_count; i++) {
    uint32_t length = manifest->areas[i].length;
    if (manifest->areas[i].kind != FS_AREA_DEVICE_DATA) continue;
    /* Defence license-data-length */
    FS_TRY(fs_cbor_bytes(&cursor, length, length, &data->data[data->count]));
    data->count++; /* at most area_count */
  }
  FS_REQUIRE(data->count == count, FS_CBOR_SHAPE);
  return fs_cbor_done(&cursor);
}

/* Step 7. */
static fs_result unwrap(const license *read, fs_buffer bundle, fs_device_data *data) {
  static const fs_view info = FS_TEXT("firmseal/1 license");
  uint8_t private_key[FS_SCALAR_SIZE];
  uint8_t public_key[FS_POINT_SIZE];
  uint8_t commitment[FS_HASH_SIZE];
  fs_hpke_context context;
  fs_buffer sealed, opened;
  fs_view plaintext, content_key, salt;
  fs_result result;
  FS_TRY(fs_identity_kem_keys(private_key, public_key));
  fs_flow_bind_key(private_key, FS_FLOW_LICENSE_COUNTED);
  context.private_key = private_key;
  context.public_key = public_key;
  context.enc = read->enc.data;
  context.info = info;
  context.aad = read->encoded;
  /* The view points into the bundle; the same bytes, to be written. */
  sealed.data = bundle.data + (read->ciphertext.data - bundle.data);
  sealed.length = read->ciphertext.length;
  result = fs_hpke_open(&context, sealed, &opened);
  fs_wipe(private_key, sizeof private_key);
  FS_TRY_AS(result, FS_ERR_LICENSE_UNWRAP_FAILED);
  plaintext.data = opened.data;
  plaintext.length = opened.length;
  FS_TRY_AS(read_plaintext(plaintext, &content_key, data), FS_ERR_LICENSE_DATA_WRONG);
  salt.data = fs_session.manifest.salt;
  salt.length = FS_HASH_SIZE;
  fs_hkdf_extract(salt, content_key, fs_session.content_prk);
  fs_session_derive("firmseal/1 commitment", FS_NO, 0, commitment);
  FS_INSIST(fs_equal(commitment, fs_session.manifest.commitment, FS_HASH_SIZE) == FS_YES,
             FS_ERR_KEY_COMMITMENT_WRONG);
  return FS_OK;
}

/* One pass of steps 1 to 5, from nothing. */
static fs_result pass(fs_view bundle, license *read) {
  fs_delegation issuer;
  fs_pending_tell(FS_ESTIMATE_PACKAGE_MS);
  fs_wipe(read, sizeof *read);
  FS_DECIDE(verify(bundle, read, &issuer));
  read->journaled = fs_now.unwraps > 0 ? fs_equal(read->digest, fs_now.license_digest, FS_HASH_SIZE) : FS_NO;
  FS_DECIDE(check_terms(read, &issuer));
  FS_FLOW_STEP(FS_STEP_LICENSE);
  return FS_OK;
}

/* Once: it is for an epoch that was not taken over, and for bytes (such as the private key that opens a
 * license) that were written over the journal's state through a pointer that a glitch spoilt. */
static fs_result __attribute__((noinline)) check_kept(const license *read) {
  FS_DEMAND(fs_session.epoch == read->epoch, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_license_accept(fs_buffer bundle, fs_device_data *data) {
  license first;
  license second;
  fs_view view;
  view.data = bundle.data;
  view.length = bundle.length;
  FS_TRY(pass(view, &first));
  /* Defence license-second-pass */
  FS_TRY(pass(view, &second));
  FS_INSIST(fs_equal((const uint8_t *)&first, (const uint8_t *)&second, sizeof first) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_INSIST(FS_FLOW_LICENSE_CHECKED);
  fs_session.epoch = second.epoch;
  FS_TRY(journal_unwrap(&second));
  FS_TRY(unwrap(&second, bundle, data));
  FS_TRY(check_kept(&second));
  FS_FLOW_STEP(FS_STEP_UNWRAP);
  return FS_OK;
}

/* See fs_license.h. */
#include "fs_license.h"

#include "fs_estimate.h"
#include "fs_flow.h"
#include "fs_hash.h"
#include "fs_hello.h"
#include "fs_hmac.h"
#include "fs_hpke.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_pending.h"
#include "fs_session.h"

#define PAYLOAD_MOST 2048u
#define BUNDLE_MOST 4096u

/* Pairs of the terms without the nonce of mode session and the date of mode standing. */
#define TERMS_PAIRS 13u

enum { MODE_SESSION = 1, MODE_STANDING = 2 };

typedef struct {
  fs_view encoded;
  fs_view job_id;
  fs_view license_id;
  fs_view manifest_digest;
  fs_view thumbprint;
  fs_view nonce;
  fs_view receipt_nonce;
  fs_view delegation_digest;
  fs_view enc;
  fs_view ciphertext;
  fs_cbor data_digests; /* their items */
  uint32_t data_digest_count;
  uint32_t mode;
  uint32_t counter_floor;
  uint32_t origin;
  uint32_t ceiling;
  fs_trust trust;      /* with what this bundle proves, found by this pass alone */
  fs_answer journaled; /* it is the license that was unwrapped last, and its install has not ended well */
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
  FS_TRY(fs_cbor_bytes_or_null(&cursor, BUNDLE_MOST, epoch));
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
  if (fs_cbor_find_integer(terms, 0, &value) == FS_YES) FS_REQUIRE(value == 1, FS_ERR_LICENSE_VERSION_UNSUPPORTED);
  if (fs_cbor_find_integer(terms, 6, &value) == FS_YES)
    FS_REQUIRE(value == MODE_SESSION || value == MODE_STANDING, FS_ERR_LICENSE_VERSION_UNSUPPORTED);
  return FS_OK;
}

/* [keyed digest, ...] */
static fs_result read_data_digests(fs_cbor *cursor, license *read) {
  fs_view digest;
  uint32_t i;
  FS_TRY(fs_cbor_array(cursor, 0, FS_AREA_MAX, &read->data_digest_count));
  read->data_digests = *cursor;
  for (i = 0; i < read->data_digest_count; i++) FS_TRY(fs_cbor_bytes(cursor, FS_HASH_SIZE, FS_HASH_SIZE, &digest));
  return FS_OK;
}

/* The terms of spec/license.md section 1; key 7 in mode session only, key 14 perhaps in mode standing. */
static fs_result read_terms(license *read) {
  fs_cbor cursor = fs_cbor_open(read->encoded);
  uint32_t pairs, value;
  FS_TRY(fs_cbor_map(&cursor, TERMS_PAIRS, TERMS_PAIRS + 1u, &pairs));
  FS_TRY(take_uint(&cursor, 0, 1, &value));
  FS_REQUIRE(value == 1, FS_CBOR_SHAPE);
  FS_TRY(take_bytes(&cursor, 1, 16, &read->job_id));
  FS_TRY(take_bytes(&cursor, 2, 16, &read->license_id));
  FS_TRY(take_uint(&cursor, 3, FS_COUNT_MAX, &value));
  FS_TRY(take_bytes(&cursor, 4, FS_HASH_SIZE, &read->manifest_digest));
  FS_TRY(take_bytes(&cursor, 5, FS_HASH_SIZE, &read->thumbprint));
  FS_TRY(take_uint(&cursor, 6, MODE_STANDING, &read->mode));
  FS_REQUIRE(read->mode >= MODE_SESSION, FS_CBOR_SHAPE);
  FS_REQUIRE(pairs == TERMS_PAIRS + 1u || read->mode == MODE_STANDING, FS_CBOR_SHAPE);
  if (read->mode == MODE_SESSION) FS_TRY(take_bytes(&cursor, 7, FS_NONCE16_SIZE, &read->nonce));
  FS_TRY(take_bytes(&cursor, 8, FS_HASH_SIZE, &read->receipt_nonce));
  FS_TRY(take_uint(&cursor, 9, FS_COUNT_MAX, &read->counter_floor));
  FS_TRY(take_uint(&cursor, 10, FS_ORIGIN_MAX, &read->origin));
  FS_REQUIRE(fs_is_origin(read->origin) == FS_YES, FS_CBOR_SHAPE);
  FS_TRY(take_uint(&cursor, 11, FS_COUNT_MAX, &read->ceiling));
  FS_TRY(take_bytes(&cursor, 12, FS_HASH_SIZE, &read->delegation_digest));
  FS_TRY(fs_cbor_key(&cursor, 13));
  FS_TRY(read_data_digests(&cursor, read));
  /* A date, in seconds: the chip has no clock and takes no notice of it. */
  if (read->mode == MODE_STANDING && pairs > TERMS_PAIRS) FS_TRY(take_uint(&cursor, 14, 0xffffffffu, &value));
  return fs_cbor_done(&cursor);
}

/* Step 2. What the package proved holds here too, and it is what the journal keeps. */
static fs_result verify_authority(fs_view delegation, fs_view epoch, license *read, fs_delegation *issuer) {
  fs_purpose purpose;
  purpose.role = FS_ROLE_LICENSE_ISSUER;
  purpose.product = fs_identity_product();
  read->trust = fs_session.trust;
  FS_DEMAND(read->trust.epoch == fs_now.epoch, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(read->trust.root + 1, fs_now.root, sizeof fs_now.root) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  if (epoch.data) FS_DECIDE(fs_trust_state(epoch, purpose.product, &read->trust));
  FS_DECIDE(fs_trust_delegate(delegation, &purpose, &read->trust, issuer));
  return FS_OK;
}

/* Steps 1 to 3. */
static fs_result verify(fs_view bundle, license *read, fs_delegation *issuer) {
  fs_view object, delegation, epoch;
  fs_cose cose;
  FS_REQUIRE(bundle.length <= BUNDLE_MOST, FS_ERR_LICENSE_MALFORMED);
  FS_TRY_AS(read_bundle(bundle, &object, &delegation, &epoch), FS_ERR_LICENSE_MALFORMED);
  FS_DECIDE(verify_authority(delegation, epoch, read, issuer));
  FS_TRY_AS(fs_cose_open(object, FS_TYP_LICENSE, PAYLOAD_MOST, &cose), FS_ERR_LICENSE_MALFORMED);
  /* Defence license-signature */
  FS_DECIDE_AS(fs_cose_verify(&cose, issuer->key), FS_ERR_LICENSE_SIGNATURE_INVALID);
  fs_cose_digest(&cose, read->digest);
  FS_TRY_AS(read_payload(cose.payload, read), FS_ERR_LICENSE_MALFORMED);
  FS_TRY(check_version(read->encoded));
  FS_TRY_AS(read_terms(read), FS_ERR_LICENSE_MALFORMED);
  return FS_OK;
}

/* Steps 4 to 8. */
static fs_result check_terms(const license *read, const fs_delegation *issuer) {
  const fs_manifest *manifest = &fs_session.manifest;
  FS_DEMAND(fs_equal(read->delegation_digest.data, issuer->digest, FS_HASH_SIZE) == FS_YES,
             FS_ERR_LICENSE_DELEGATION_WRONG);
  FS_DEMAND(fs_equal(read->manifest_digest.data, manifest->digest, FS_HASH_SIZE) == FS_YES,
             FS_ERR_LICENSE_MANIFEST_WRONG);
  /* Defence license-thumbprint */
  FS_DEMAND(fs_equal(read->thumbprint.data, fs_identity_thumbprint(), FS_HASH_SIZE) == FS_YES,
             FS_ERR_LICENSE_DEVICE_WRONG);
  /* Defence license-origin */
  FS_DEMAND(read->origin == fs_identity_origin(), FS_ERR_LICENSE_ORIGIN_WRONG);
  if (read->mode == MODE_SESSION)
    FS_DEMAND(read->journaled == FS_YES || fs_nonce_is(read->nonce.data) == FS_YES, FS_ERR_LICENSE_NONCE_WRONG);
  FS_DEMAND(manifest->security_counter >= read->counter_floor, FS_ERR_LICENSE_COUNTER_FLOOR);
  FS_DEMAND(manifest->security_counter <= issuer->counter_cap, FS_ERR_DELEGATION_COUNTER_EXCEEDED);
  FS_DEMAND(fs_now.unwraps < read->ceiling, FS_ERR_LICENSE_UNWRAPS_EXHAUSTED);
  return FS_OK;
}

/* One pass: the journal counts this unwrap and remembers this license, with the epoch that it proved. */
static fs_result __attribute__((noinline)) check_counted(const license *read, uint32_t count) {
  /* Defence license-count-looked-at */
  FS_DEMAND(fs_now.unwraps == count && count <= read->ceiling, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.last_license, read->digest, FS_HASH_SIZE) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.epoch == read->trust.epoch, FS_ERR_INTERNAL_CHECK_FAILED);
  /* An install belongs to the license that began it. */
  FS_DEMAND(read->journaled == FS_YES || fs_now.progress == 0, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_STEP(FS_STEP_COUNT);
  return FS_OK;
}

/* Step 8: counted before the key is opened. */
static fs_result journal_unwrap(const license *read) {
  /* A count that was not stored would differ from the count expected. */
  volatile uint32_t count = fs_now.unwraps + 1u;
  /* Defence license-unwraps-limited */
  FS_INSIST(fs_now.unwraps < read->ceiling, FS_ERR_LICENSE_UNWRAPS_EXHAUSTED);
  fs_now.unwraps++; /* below the ceiling, so it does not wrap */
  fs_now.epoch = read->trust.epoch;
  if (read->journaled != FS_YES) fs_now.progress = 0;
  memcpy(fs_now.last_license, read->digest, sizeof fs_now.last_license);
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
    FS_TRY(fs_cbor_bytes(&cursor, length, length, &data->data[data->count]));
    data->count++; /* at most area_count */
  }
  FS_REQUIRE(data->count == count, FS_CBOR_SHAPE);
  return fs_cbor_done(&cursor);
}

/* What the session keeps of the license. As many digests as areas of per-device data were counted. */
static fs_result note(const license *read) {
  fs_manifest *manifest = &fs_session.manifest;
  fs_cbor digests = read->data_digests;
  fs_view digest;
  uint32_t i;
  memcpy(fs_session.license.digest, read->digest, sizeof fs_session.license.digest);
  memcpy(fs_session.license.receipt_nonce, read->receipt_nonce.data, sizeof fs_session.license.receipt_nonce);
  memcpy(fs_session.license.license_id, read->license_id.data, sizeof fs_session.license.license_id);
  memcpy(fs_session.license.job_id, read->job_id.data, sizeof fs_session.license.job_id);
  FS_TRY(fs_session_check_manifest());
  for (i = 0; i < manifest->area_count; i++) {
    if (manifest->areas[i].kind != FS_AREA_DEVICE_DATA) continue;
    FS_TRY_AS(fs_cbor_bytes(&digests, FS_HASH_SIZE, FS_HASH_SIZE, &digest), FS_ERR_INTERNAL_CHECK_FAILED);
    memcpy(manifest->areas[i].digest, digest.data, FS_HASH_SIZE);
  }
  fs_session_note_manifest();
  return FS_OK;
}

/* One pass: the session keeps this license, and the data are those of its digests. */
static fs_result __attribute__((noinline)) check_data(const license *read, const fs_device_data *data) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint8_t digest[FS_HASH_SIZE];
  uint32_t used = 0;
  uint32_t i;
  for (i = 0; i < manifest->area_count; i++) {
    if (manifest->areas[i].kind != FS_AREA_DEVICE_DATA) continue;
    fs_session_digest(i, data->data[used], digest);
    FS_DEMAND(fs_equal(digest, manifest->areas[i].digest, sizeof digest) == FS_YES, FS_ERR_LICENSE_DATA_WRONG);
    used++;
  }
  FS_DEMAND(i == manifest->area_count && used == data->count, FS_ERR_LICENSE_DATA_WRONG);
  FS_DEMAND(fs_equal(fs_session.license.digest, read->digest, FS_HASH_SIZE) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_session.license.receipt_nonce, read->receipt_nonce.data, FS_HASH_SIZE) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_session.license.license_id, read->license_id.data, sizeof fs_session.license.license_id) == FS_YES &&
                fs_equal(fs_session.license.job_id, read->job_id.data, sizeof fs_session.license.job_id) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* Step 9. */
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
  FS_REQUIRE(data->count == read->data_digest_count, FS_ERR_LICENSE_DATA_WRONG);
  salt.data = fs_session.manifest.salt;
  salt.length = FS_HASH_SIZE;
  fs_hkdf_extract(salt, content_key, fs_session.content_prk);
  fs_session_derive("firmseal/1 commitment", FS_NO, 0, commitment);
  FS_INSIST(fs_equal(commitment, fs_session.manifest.commitment, FS_HASH_SIZE) == FS_YES,
             FS_ERR_KEY_COMMITMENT_WRONG);
  FS_TRY(note(read));
  FS_TRY(check_data(read, data));
  FS_TRY(check_data(read, data));
  return FS_OK;
}

/* One pass of steps 1 to 8, from nothing: all that it found goes into the hash. */
static fs_result pass(fs_view bundle, license *read, uint8_t hash[FS_HASH_SIZE]) {
  fs_delegation issuer;
  fs_pending_tell(FS_ESTIMATE_PACKAGE_MS);
  fs_wipe(read, sizeof *read);
  FS_DECIDE(verify(bundle, read, &issuer));
  read->journaled = fs_equal(read->digest, fs_now.last_license, FS_HASH_SIZE);
  FS_DECIDE(check_terms(read, &issuer));
  fs_hash_of(read, sizeof *read, hash);
  FS_FLOW_STEP(FS_STEP_LICENSE);
  return FS_OK;
}

/* Once: for an epoch that the session did not take over, and for what a pointer that a glitch spoilt wrote
 * over the journal's state, as the private key that a license is opened with. */
static fs_result __attribute__((noinline)) check_kept(const license *read) {
  FS_DEMAND(fs_session.trust.epoch == read->trust.epoch, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_license_accept(fs_buffer bundle, fs_device_data *data) {
  license read;
  uint8_t first[FS_HASH_SIZE];
  uint8_t second[FS_HASH_SIZE];
  fs_view view;
  view.data = bundle.data;
  view.length = bundle.length;
  FS_TRY(pass(view, &read, first));
  /* Defence license-second-pass */
  FS_TRY(pass(view, &read, second));
  FS_INSIST(fs_equal(first, second, sizeof first) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_INSIST(FS_FLOW_LICENSE_CHECKED);
  FS_TRY(journal_unwrap(&read));
  fs_session.trust.epoch = read.trust.epoch; /* the journal has it */
  FS_TRY(unwrap(&read, bundle, data));
  FS_TRY(check_kept(&read));
  FS_FLOW_STEP(FS_STEP_UNWRAP);
  return FS_OK;
}

/* See fs_personalize.h. */
#include "fs_personalize.h"

#include "fs_chip_facts.h"
#include "fs_delegation.h"
#include "fs_estimate.h"
#include "fs_hello.h"
#include "fs_hmac.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_pending.h"
#include "fs_port.h"
#include "fs_random.h"

#define OPTION_TRIES 4u
#define KEY_TRIES 8u

static fs_new_identity made;
static fs_answer begun = FS_NO;

typedef struct {
  fs_view root;
  fs_view product;
  fs_view challenge;
  fs_view seed; /* length 0: none */
  uint32_t epoch;
  uint32_t origin;
} begin_request;

/* {0: root public key, 1: product, 2: epoch, 3: challenge, 4: seed (perhaps missing), 5: origin} */
static fs_result read_begin(fs_view request, begin_request *read) {
  fs_cbor cursor = fs_cbor_open(request);
  uint32_t pairs;
  FS_TRY(fs_cbor_check(request, 1));
  FS_TRY(fs_cbor_map(&cursor, 5, 6, &pairs));
  FS_TRY(fs_cbor_key(&cursor, 0));
  FS_TRY(fs_cbor_bytes(&cursor, FS_POINT_SIZE, FS_POINT_SIZE, &read->root));
  FS_TRY(fs_cbor_key(&cursor, 1));
  FS_TRY(fs_cbor_name(&cursor, 0x21, &read->product));
  FS_TRY(fs_cbor_key(&cursor, 2));
  FS_TRY(fs_cbor_uint(&cursor, FS_COUNT_MAX, &read->epoch));
  FS_TRY(fs_cbor_key(&cursor, 3));
  FS_TRY(fs_cbor_bytes(&cursor, 0, FS_CHALLENGE_MOST, &read->challenge));
  FS_REQUIRE(fs_is_challenge(read->challenge) == FS_YES, FS_CBOR_SHAPE);
  read->seed.length = 0;
  if (pairs == 6) {
    FS_TRY(fs_cbor_key(&cursor, 4));
    FS_TRY(fs_cbor_bytes(&cursor, 32, 64, &read->seed));
  }
  FS_TRY(fs_cbor_key(&cursor, 5));
  FS_TRY(fs_cbor_uint(&cursor, FS_ORIGIN_MAX, &read->origin));
  FS_REQUIRE(fs_is_origin(read->origin) == FS_YES, FS_CBOR_SHAPE);
  FS_TRY(fs_cbor_done(&cursor));
  return fs_crypto_p256_check(read->root.data);
}

/* A scalar that is not in 1..n-1 comes once in 2^32 draws; it is drawn again. */
static fs_result make_key(uint8_t private_key[FS_SCALAR_SIZE], uint8_t public_key[FS_POINT_SIZE]) {
  uint32_t i;
  for (i = 0; i < KEY_TRIES; i++) {
    FS_TRY(fs_random(private_key, FS_SCALAR_SIZE));
    if (fs_crypto_p256_public(private_key, public_key) == FS_OK) return FS_OK;
  }
  return FS_ERR_RANDOM_FAILED;
}

static void hash_of(const uint8_t *a, uint32_t a_length, const uint8_t *b, uint32_t b_length, uint8_t *hash) {
  fs_sha256 context;
  fs_crypto_sha256_init(&context);
  fs_crypto_sha256_update(&context, a, a_length);
  fs_crypto_sha256_update(&context, b, b_length);
  fs_crypto_sha256_final(&context, hash);
}

static fs_result make_identity(const begin_request *read) {
  fs_wipe(&made, sizeof made);
  memcpy(made.root, read->root.data, FS_POINT_SIZE);
  memcpy(made.product, read->product.data, read->product.length);
  made.product_length = (uint8_t)read->product.length; /* 1 to 32 */
  made.epoch = read->epoch;
  made.origin = read->origin;
  if (!FS_HAS_RANDOM_GENERATOR) {
    FS_REQUIRE(read->seed.length > 0, FS_ERR_RANDOM_FAILED);
    hash_of(read->seed.data, read->seed.length, 0, 0, made.seed);
    fs_random_use_seed(made.seed);
  }
  FS_TRY(make_key(made.signing_private, made.signing_public));
  FS_TRY(make_key(made.kem_private, made.kem_public));
  FS_TRY(fs_random(made.device_key, FS_KEY_SIZE));
  hash_of(made.signing_public, FS_POINT_SIZE, made.kem_public, FS_POINT_SIZE, made.thumbprint);
  return FS_OK;
}

/* One pass. The identity is looked for again: a boot may have missed it. */
static fs_result __attribute__((noinline)) check_blank(void) {
  FS_DEMAND(fs_identity_load() != FS_YES, FS_ERR_ALREADY_PERSONALIZED);
  return FS_OK;
}

fs_result fs_personalize_begin(fs_view request, fs_writer *answer) {
  begin_request read;
  fs_hello_speaker speaker;
  fs_hello_place place;
  fs_signer signer;
  uint8_t signature[FS_SIGNATURE_SIZE];
  volatile fs_result proven; /* in memory: read again after the wipe */
  FS_TRY(check_blank());
  FS_TRY(check_blank());
  begun = FS_NO;
  FS_TRY_AS(read_begin(request, &read), FS_ERR_REQUEST_MALFORMED);
  fs_pending_tell(2u * FS_ESTIMATE_PACKAGE_MS); /* two keys, and a signature that is verified */
  FS_TRY(make_identity(&read));
  fs_write_array(answer, 3);
  fs_write_bytes(answer, made.signing_public, FS_POINT_SIZE);
  fs_write_bytes(answer, made.kem_public, FS_POINT_SIZE);
  signer.private_key = made.signing_private;
  signer.public_key = made.signing_public;
  speaker.thumbprint = made.thumbprint;
  speaker.life_cycle = 0;
  speaker.epoch = made.epoch;
  speaker.origin = made.origin;
  proven = fs_hello_begin(answer, read.challenge, &speaker, &place);
  if (proven == FS_OK) proven = fs_cose_sign(answer, FS_TYP_HELLO, place.payload, &signer, signature);
  if (proven == FS_OK) proven = fs_cose_end(answer, signature);
  fs_write_bytes_end(answer, place.outer);
  if (proven != FS_OK) fs_wipe(&made, sizeof made);
  FS_TRY(proven);
  begun = FS_YES;
  return FS_OK;
}

/* FS_YES when the DER holds the 65 bytes somewhere: that the certificate's profile is
 * right is for its verifiers. */
static fs_answer holds(fs_view der, const uint8_t point[FS_POINT_SIZE]) {
  uint32_t i;
  for (i = 0; der.length >= FS_POINT_SIZE && i <= der.length - FS_POINT_SIZE; i++)
    if (der.data[i] == point[0] && fs_equal(der.data + i, point, FS_POINT_SIZE) == FS_YES) return FS_YES;
  return FS_NO;
}

/* [certificate, [[register, mask, value], ...]] */
static fs_result read_finish(fs_view request, fs_view *certificate, fs_requirement *final, uint32_t *count) {
  fs_cbor cursor = fs_cbor_open(request);
  uint32_t two;
  FS_TRY(fs_cbor_check(request, 1));
  FS_TRY(fs_cbor_array(&cursor, 2, 2, &two));
  FS_TRY(fs_cbor_bytes(&cursor, 0, 0xffffu, certificate));
  FS_TRY(fs_policy_read(&cursor, final, count));
  return fs_cbor_done(&cursor);
}

static fs_result write_first_state(void) {
  fs_result created;
  memset(&fs_now, 0, sizeof fs_now);
  fs_now.life_cycle = FS_LIFE_PERSONALIZED;
  fs_now.epoch = made.epoch;
  fs_now.option_tries = OPTION_TRIES;
  fs_now.receipt = FS_RECEIPT_NONE;
  memcpy(fs_now.root, made.root + 1, sizeof fs_now.root);
  fs_identity_use_key(made.device_key);
  created = fs_journal_create();
  fs_identity_use_key(0);
  return created;
}

fs_result fs_personalize_finish(fs_view request) {
  fs_requirement final[FS_REQUIREMENT_MAX];
  fs_view certificate;
  uint32_t count;
  FS_TRY(check_blank());
  FS_TRY(check_blank());
  FS_REQUIRE(begun == FS_YES, FS_ERR_REQUEST_OUT_OF_STATE);
  FS_TRY_AS(read_finish(request, &certificate, final, &count), FS_ERR_REQUEST_MALFORMED);
  FS_REQUIRE(certificate.length <= FS_CERTIFICATE_MAX, FS_ERR_CERTIFICATE_TOO_LARGE);
  FS_REQUIRE(holds(certificate, made.signing_public) == FS_YES && holds(certificate, made.kem_public) == FS_YES,
             FS_ERR_CERTIFICATE_KEY_WRONG);
  FS_TRY(fs_policy_check_final(final, count));
  /* The journal first: a chip with an identity always has a state. Without an identity
   * the journal means nothing. */
  FS_TRY(write_first_state());
  FS_TRY(fs_identity_write(&made, certificate, final, count));
  begun = FS_NO;
  fs_random_use_seed(0);
  fs_nonce_forget();
  fs_wipe(&made, sizeof made);
  return fs_journal_load();
}

/* The enrolment secret of spec/device.md section 6: where the journal's second half will be, which takes it
 * away with the first journal that is loaded. */
#define ENROLMENT_LENGTH 64u
#define ENROLMENT_MAGIC 0x4e455346u /* "FSEN" */
#define ENROLMENT_VERSION 1u
#define ENROLMENT_ID 8u
#define ENROLMENT_ID_LENGTH 16u
#define ENROLMENT_SECRET 24u
#define ENROLMENT_CRC 60u
#define NONCE_LENGTH 32u

static fs_result read_enrolment(uint8_t block[ENROLMENT_LENGTH]) {
  /* Without a generator the keys would come from a seed that crossed the cable. */
  FS_REQUIRE(FS_HAS_RANDOM_GENERATOR, FS_ERR_ENROLMENT_MISSING);
  FS_TRY_AS(fs_port_flash_read(FS_JOURNAL_1_START, block, ENROLMENT_LENGTH), FS_ERR_ENROLMENT_MISSING);
  FS_REQUIRE(fs_get_u32le(block) == ENROLMENT_MAGIC && fs_get_u32le(block + 4) == ENROLMENT_VERSION,
             FS_ERR_ENROLMENT_MISSING);
  /* Defence enrolment-checksum: a secret that is half written proves nothing. */
  FS_REQUIRE(fs_crc32(block, ENROLMENT_CRC) == fs_get_u32le(block + ENROLMENT_CRC), FS_ERR_ENROLMENT_MISSING);
  return FS_OK;
}

/* Over all that the new identity rests on: another root would let somebody else's application in. */
static void prove(const uint8_t *secret, fs_view nonce, uint8_t tag[FS_HASH_SIZE]) {
  static const fs_view label = FS_TEXT("firmseal/1 enrol");
  uint8_t numbers[8];
  fs_hmac mac;
  fs_put_u32le(numbers, made.epoch);
  fs_put_u32le(numbers + 4, made.origin);
  fs_hmac_init(&mac, secret, FS_KEY_SIZE);
  fs_hmac_update(&mac, label.data, label.length);
  fs_hmac_update(&mac, nonce.data, nonce.length);
  /* Defence enrolment-binds-root */
  fs_hmac_update(&mac, made.root, FS_POINT_SIZE);
  /* Defence enrolment-binds-keys */
  fs_hmac_update(&mac, made.signing_public, FS_POINT_SIZE);
  fs_hmac_update(&mac, made.kem_public, FS_POINT_SIZE);
  fs_hmac_update(&mac, numbers, sizeof numbers);
  fs_hmac_update(&mac, made.product, made.product_length);
  fs_hmac_final(&mac, tag);
}

fs_result fs_personalize_enrol(fs_view nonce, fs_writer *answer) {
  uint8_t block[ENROLMENT_LENGTH];
  uint8_t tag[FS_HASH_SIZE];
  FS_TRY(check_blank());
  FS_TRY(check_blank());
  FS_REQUIRE(begun == FS_YES, FS_ERR_REQUEST_OUT_OF_STATE);
  FS_REQUIRE(nonce.length == NONCE_LENGTH, FS_ERR_REQUEST_MALFORMED);
  FS_TRY(read_enrolment(block));
  prove(block + ENROLMENT_SECRET, nonce, tag);
  fs_write_array(answer, 2);
  fs_write_bytes(answer, block + ENROLMENT_ID, ENROLMENT_ID_LENGTH);
  fs_write_bytes(answer, tag, sizeof tag);
  fs_wipe(block, sizeof block);
  return answer->status;
}

/* [[register, mask, value], ...] */
static fs_result read_options(fs_view request, fs_requirement *final, uint32_t *count) {
  fs_cbor cursor = fs_cbor_open(request);
  FS_TRY(fs_cbor_check(request, 1));
  FS_TRY(fs_policy_read(&cursor, final, count));
  return fs_cbor_done(&cursor);
}

fs_result fs_personalize_protect_first(fs_view request) {
  fs_requirement final[FS_REQUIREMENT_MAX];
  uint32_t count;
  FS_TRY(check_blank());
  FS_TRY(check_blank());
  FS_TRY_AS(read_options(request, final, &count), FS_ERR_REQUEST_MALFORMED);
  FS_TRY(fs_policy_check_final(final, count));
  begun = FS_NO;
  fs_wipe(&made, sizeof made); /* keys from before the protection are nobody's */
  return fs_policy_program(final, count);
}

void fs_personalize_protect(void) {
  fs_requirement final[FS_REQUIREMENT_MAX];
  uint32_t count;
  if (fs_now.option_tries == 0 || fs_identity_final_options(final, &count) != FS_OK) return;
  if (fs_policy_differs(final, count) != FS_YES) {
    fs_now.option_tries = 0;
    (void)fs_journal_commit(); /* if not: the same again at the next reset */
    return;
  }
  fs_now.option_tries--;
  if (fs_journal_commit() != FS_OK) return;
  if (fs_policy_program(final, count) == FS_OK) fs_port_option_launch();
}

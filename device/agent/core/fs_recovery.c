/* See fs_recovery.h. */
#include "fs_recovery.h"

#include "fs_delegation.h"
#include "fs_estimate.h"
#include "fs_floor.h"
#include "fs_flow.h"
#include "fs_hash.h"
#include "fs_hello.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_pending.h"
#include "fs_random.h"
#include "fs_session.h"

#define SUCCESSIONS_MOST 4u
#define BUNDLE_MOST 4096u
#define PAYLOAD_MOST 128u
/* Journals from before a recovery are told by its number; one in RAM is too high to
 * be of a chip that lives. */
#define RECOVERIES_MOST 120u
/* Parts without a generator count boots; each recovery gives them a range that none used before. */
#define BOOTS_OF_A_RECOVERY 0x1000000u
#define OPTION_TRIES 4u

typedef struct {
  fs_view statement;
  fs_view delegation; /* data 0: the root itself signed */
  fs_view epoch;      /* data 0: none */
  fs_view successions[SUCCESSIONS_MOST];
  uint32_t succession_count;
} bundle_parts;

typedef struct {
  fs_trust trust;
  fs_answer met;   /* the root that the chip's floors name was passed, or the floors name no root */
  uint32_t counter_cap;
  uint8_t thumbprint[FS_HASH_SIZE];
  uint8_t nonce[FS_NONCE16_SIZE];
  uint32_t counter_floor;
  uint32_t epoch;
  uint32_t unwraps_floor;
  fs_floors floors;
} recovery;

fs_answer fs_recovery_needed(void) {
  return fs_identity_present() == FS_YES && fs_now.life_cycle == FS_LIFE_LOST ? FS_YES : FS_NO;
}

/* [statement, delegation or null, epoch or null, [succession, ...]] */
static fs_result read_bundle(fs_view bundle, bundle_parts *found) {
  fs_cbor cursor = fs_cbor_open(bundle);
  uint32_t count, i;
  FS_TRY(fs_cbor_check(bundle, 1));
  FS_TRY(fs_cbor_array(&cursor, 4, 4, &count));
  FS_TRY(fs_cbor_bytes(&cursor, 0, BUNDLE_MOST, &found->statement));
  FS_TRY(fs_cbor_bytes_or_null(&cursor, BUNDLE_MOST, &found->delegation));
  FS_TRY(fs_cbor_bytes_or_null(&cursor, BUNDLE_MOST, &found->epoch));
  FS_TRY(fs_cbor_array(&cursor, 0, SUCCESSIONS_MOST, &found->succession_count));
  for (i = 0; i < found->succession_count; i++) FS_TRY(fs_cbor_bytes(&cursor, 0, BUNDLE_MOST, &found->successions[i]));
  return fs_cbor_done(&cursor);
}

static fs_result take_uint(fs_cbor *cursor, uint32_t key, uint32_t *value) {
  FS_TRY(fs_cbor_key(cursor, key));
  return fs_cbor_uint(cursor, FS_COUNT_MAX, value);
}

static fs_result take_bytes(fs_cbor *cursor, uint32_t key, uint8_t *bytes, uint32_t length) {
  fs_view view;
  FS_TRY(fs_cbor_key(cursor, key));
  FS_TRY(fs_cbor_bytes(cursor, length, length, &view));
  memcpy(bytes, view.data, length);
  return FS_OK;
}

/* {0: 1, 1: thumbprint, 2: nonce, 3: security counter floor, 4: epoch, 5: unwrap floor} */
static fs_result read_payload(fs_view payload, recovery *read) {
  fs_cbor cursor = fs_cbor_open(payload);
  uint32_t value;
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(&cursor, 6, 6, &value));
  FS_TRY(take_uint(&cursor, 0, &value));
  FS_REQUIRE(value == 1, FS_CBOR_SHAPE);
  FS_TRY(take_bytes(&cursor, 1, read->thumbprint, FS_HASH_SIZE));
  FS_TRY(take_bytes(&cursor, 2, read->nonce, FS_NONCE16_SIZE));
  FS_TRY(take_uint(&cursor, 3, &read->counter_floor));
  FS_TRY(take_uint(&cursor, 4, &read->epoch));
  FS_TRY(take_uint(&cursor, 5, &read->unwraps_floor));
  return fs_cbor_done(&cursor);
}

/* Whether the root in force is the one that the floors name. */
static void meet_root(recovery *read) {
  uint8_t name[FS_FLOOR_ROOT_SIZE];
  fs_floor_name_root(read->trust.root + 1, name);
  if (fs_equal(name, read->floors.root, sizeof name) == FS_YES) read->met = FS_YES;
}

/* Step 2. `key`: whose signature the statement must have. */
static fs_result verify_authority(const bundle_parts *found, recovery *read, uint8_t key[FS_POINT_SIZE]) {
  fs_delegation recoverer;
  fs_purpose purpose;
  uint32_t i;
  purpose.role = FS_ROLE_RECOVERER;
  purpose.product = fs_identity_product();
  fs_trust_begin(fs_now.root, fs_now.epoch, &read->trust);
  fs_floor_read(&read->floors);
  read->met = read->floors.has_root == FS_YES && fs_now.life_cycle == FS_LIFE_LOST ? FS_NO : FS_YES;
  meet_root(read);
  for (i = 0; i < found->succession_count; i++) {
    FS_DECIDE(fs_trust_follow(found->successions[i], purpose.product, &read->trust));
    meet_root(read);
  }
  if (found->epoch.data) FS_DECIDE(fs_trust_state(found->epoch, purpose.product, &read->trust));
  memcpy(key, read->trust.root, FS_POINT_SIZE);
  read->counter_cap = FS_COUNT_MAX;
  if (found->delegation.data) {
    FS_DECIDE(fs_trust_delegate(found->delegation, &purpose, &read->trust, &recoverer));
    memcpy(key, recoverer.key, FS_POINT_SIZE);
    read->counter_cap = recoverer.counter_cap;
  }
  return FS_OK;
}

/* Steps 1 to 4. */
static fs_result verify(fs_view bundle, recovery *read) {
  bundle_parts found;
  uint8_t key[FS_POINT_SIZE];
  fs_cose cose;
  FS_REQUIRE(bundle.length <= BUNDLE_MOST, FS_ERR_RECOVERY_MALFORMED);
  FS_TRY_AS(read_bundle(bundle, &found), FS_ERR_RECOVERY_MALFORMED);
  FS_DECIDE(verify_authority(&found, read, key));
  FS_TRY_AS(fs_cose_open(found.statement, FS_TYP_RECOVERY, PAYLOAD_MOST, &cose), FS_ERR_RECOVERY_MALFORMED);
  /* Defence recovery-signature */
  FS_DECIDE_AS(fs_cose_verify(&cose, key), FS_ERR_RECOVERY_SIGNATURE_INVALID);
  FS_TRY_AS(read_payload(cose.payload, read), FS_ERR_RECOVERY_MALFORMED);
  return FS_OK;
}

/* Steps 5 to 10. */
static fs_result check_terms(const recovery *read) {
  /* Defence recovery-device */
  FS_DEMAND(fs_equal(read->thumbprint, fs_identity_thumbprint(), FS_HASH_SIZE) == FS_YES, FS_ERR_RECOVERY_DEVICE_WRONG);
  /* Defence recovery-nonce */
  FS_DEMAND(fs_nonce_is(read->nonce) == FS_YES, FS_ERR_RECOVERY_NONCE_WRONG);
  /* Defence recovery-root */
  FS_DEMAND(read->met == FS_YES, FS_ERR_RECOVERY_ROOT_OLD);
  FS_DEMAND(read->epoch == read->trust.epoch && read->epoch >= read->floors.epoch, FS_ERR_RECOVERY_EPOCH_WRONG);
  FS_DEMAND(read->counter_floor <= read->counter_cap, FS_ERR_DELEGATION_COUNTER_EXCEEDED);
  /* Defence recovery-floor: what the chip knows does not fall, whoever signs. */
  FS_DEMAND(read->counter_floor >= fs_now.security_counter && read->counter_floor >= read->floors.security_counter &&
                read->unwraps_floor >= fs_now.unwraps,
            FS_ERR_RECOVERY_FLOOR_LOW);
  return FS_OK;
}

/* One pass, from nothing: all that it found goes into the hash. */
static fs_result __attribute__((noinline)) pass(fs_view bundle, recovery *read, uint8_t hash[FS_HASH_SIZE]) {
  fs_pending_tell(FS_ESTIMATE_PACKAGE_MS);
  fs_wipe(read, sizeof *read);
  FS_DECIDE(verify(bundle, read));
  FS_DECIDE(check_terms(read));
  fs_hash_of(read, sizeof *read, hash);
  FS_FLOW_STEP(FS_STEP_RECOVER);
  return FS_OK;
}

static uint32_t higher(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Nothing of the previous journal stays but what only rises. The sequence is the journal's own affair. */
static void describe(const recovery *read) {
  uint32_t sequence = fs_now.sequence;
  uint32_t installs = fs_now.install_count;
  uint32_t boots = fs_now.random_counter;
  uint32_t recoveries = higher(fs_now.recoveries, read->floors.recoveries) + 1u;
  if (fs_now.life_cycle == FS_LIFE_LOST) boots = 0; /* it is not a count there: fs_random.c */
  fs_wipe(&fs_now, sizeof fs_now);
  fs_now.sequence = sequence;
  fs_now.install_count = installs;
  fs_now.recoveries = recoveries < RECOVERIES_MOST ? recoveries : RECOVERIES_MOST;
  fs_now.random_counter = higher(boots, fs_now.recoveries * BOOTS_OF_A_RECOVERY);
  fs_now.security_counter = read->counter_floor;
  fs_now.epoch = read->epoch;
  fs_now.unwraps = read->unwraps_floor;
  fs_now.option_tries = OPTION_TRIES;
  fs_now.receipt = FS_RECEIPT_NONE;
  memcpy(fs_now.root, read->trust.root + 1, sizeof fs_now.root);
  fs_now.life_cycle = FS_FLOW_BIND(FS_LIFE_ERASED, FS_FLOW_RECOVERY_CHECKED);
}

/* Once: for a store that was left out, and for what a pointer that a glitch spoilt wrote. */
static fs_result __attribute__((noinline)) check_described(const recovery *read) {
  FS_DEMAND(fs_now.life_cycle == FS_LIFE_ERASED && fs_now.area_count == 0, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.security_counter == read->counter_floor && fs_now.epoch == read->epoch, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.unwraps == read->unwraps_floor && fs_now.recoveries > read->floors.recoveries,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.root, read->trust.root + 1, sizeof fs_now.root) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

static fs_result renew(const recovery *read) {
  fs_result result;
  FS_FLOW_INSIST(FS_FLOW_RECOVERY_CHECKED);
  describe(read);
  result = check_described(read);
  if (result == FS_OK) result = fs_journal_renew();
  if (result == FS_OK) result = check_described(read);
  if (result != FS_OK) {
    (void)fs_journal_recall();
    return result;
  }
  fs_floor_raise(); /* if power goes before: the next boot does it */
  FS_FLOW_STEP(FS_STEP_RENEW);
  return FS_OK;
}

fs_result fs_recovery_accept(fs_view bundle) {
  recovery read;
  uint8_t first[FS_HASH_SIZE];
  uint8_t second[FS_HASH_SIZE];
  FS_FLOW_BEGIN(FS_FLOW_RECOVERY);
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  fs_session_end();
  FS_TRY(pass(bundle, &read, first));
  /* Defence recovery-second-pass */
  FS_TRY(pass(bundle, &read, second));
  FS_INSIST(fs_equal(first, second, sizeof first) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  fs_nonce_forget();
  return renew(&read);
}

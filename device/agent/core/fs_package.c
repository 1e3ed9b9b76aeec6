/* See fs_package.h. */
#include "fs_package.h"

#include "fs_chip_facts.h"
#include "fs_estimate.h"
#include "fs_flow.h"
#include "fs_hash.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_pending.h"
#include "fs_session.h"
#include "fs_trial.h"
#include "fs_update.h"
#include "fs_version.h"

#define SUCCESSIONS_MOST 4u

typedef struct {
  fs_view manifest;
  fs_view delegation;
  fs_view epoch;   /* data 0: none */
  fs_view successions[SUCCESSIONS_MOST];
  uint32_t succession_count;
  fs_view license; /* data 0: none */
} header_parts;

/* [manifest, delegation, epoch or null, [succession, ...], license or null] */
static fs_result read_header(fs_view header, header_parts *found) {
  fs_cbor cursor = fs_cbor_open(header);
  uint32_t count, i;
  FS_TRY(fs_cbor_check(header, 1));
  FS_TRY(fs_cbor_array(&cursor, 5, 5, &count));
  FS_TRY(fs_cbor_bytes(&cursor, 0, FS_PACKAGE_HEADER_MAX, &found->manifest));
  FS_TRY(fs_cbor_bytes(&cursor, 0, FS_PACKAGE_HEADER_MAX, &found->delegation));
  FS_TRY(fs_cbor_bytes_or_null(&cursor, FS_PACKAGE_HEADER_MAX, &found->epoch));
  FS_TRY(fs_cbor_array(&cursor, 0, SUCCESSIONS_MOST, &found->succession_count));
  for (i = 0; i < found->succession_count; i++)
    FS_TRY(fs_cbor_bytes(&cursor, 0, FS_PACKAGE_HEADER_MAX, &found->successions[i]));
  FS_TRY(fs_cbor_bytes_or_null(&cursor, FS_PACKAGE_HEADER_MAX, &found->license));
  return fs_cbor_done(&cursor);
}

/* Steps 7 to 10: against this chip, its state, its option bytes. */
static fs_result check_chip(const fs_manifest *manifest) {
  fs_readout_levels level;
  FS_DEMAND(manifest->chip_listed == FS_YES, FS_ERR_MANIFEST_CHIP_WRONG);
  FS_DECIDE(fs_area_check_chip(manifest->areas, manifest->area_count));
  FS_DEMAND(manifest->least_agent <= FS_AGENT_VERSION, FS_ERR_AGENT_TOO_OLD);
  if (fs_manifest_is_agent(manifest) == FS_YES) FS_DECIDE(fs_update_check(manifest));
  else FS_DEMAND(manifest->security_counter >= fs_now.security_counter, FS_ERR_COUNTER_ROLLED_BACK);
  FS_DECIDE(fs_trial_check(manifest));
  FS_DECIDE(fs_policy_check_fields(manifest->requirements, manifest->requirement_count));
  FS_TRY(fs_policy_readout_levels(&level));
  FS_DEMAND(level.effective >= manifest->least_readout, FS_ERR_READOUT_LEVEL_TOO_LOW);
  FS_DECIDE(fs_policy_check_strength(manifest->requirements, manifest->requirement_count));
  return FS_OK;
}

/* Step 2. */
static fs_result verify_authority(const header_parts *found, fs_delegation *signer) {
  fs_trust *trust = &fs_session.trust;
  fs_purpose purpose;
  uint32_t i;
  purpose.role = FS_ROLE_PACKAGE_SIGNER;
  purpose.product = fs_identity_product();
  fs_trust_begin(fs_now.root, fs_now.epoch, trust);
  for (i = 0; i < found->succession_count; i++)
    FS_DECIDE(fs_trust_follow(found->successions[i], purpose.product, trust));
  if (found->epoch.data) FS_DECIDE(fs_trust_state(found->epoch, purpose.product, trust));
  FS_DECIDE(fs_trust_delegate(found->delegation, &purpose, trust, signer));
  return FS_OK;
}

static fs_result accept(fs_view header) {
  header_parts found;
  fs_delegation signer;
  FS_REQUIRE(header.length <= FS_PACKAGE_HEADER_MAX, FS_ERR_PACKAGE_HEADER_TOO_LARGE);
  FS_TRY_AS(read_header(header, &found), FS_ERR_PACKAGE_MALFORMED);
  FS_DECIDE(verify_authority(&found, &signer));
  FS_DECIDE(fs_manifest_verify(found.manifest, &signer, &fs_session.manifest));
  FS_DECIDE(check_chip(&fs_session.manifest));
  return FS_OK;
}

/* One pass, from nothing: all that it left in the session goes into the hash. */
static fs_result pass(fs_view header, uint8_t hash[FS_HASH_SIZE]) {
  fs_pending_tell(FS_ESTIMATE_PACKAGE_MS);
  fs_session_end();
  FS_DECIDE(accept(header));
  fs_session_note_manifest();
  fs_hash_of(&fs_session, sizeof fs_session, hash);
  FS_FLOW_STEP(FS_STEP_PACKAGE);
  return FS_OK;
}

/* Once: for a root or an epoch that was not taken over, or another one that was. */
static fs_result __attribute__((noinline)) check_trust(void) {
  FS_DEMAND(fs_now.epoch == fs_session.trust.epoch, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.root, fs_session.trust.root + 1, sizeof fs_now.root) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* Root and epoch are kept over resets from here on. Another root comes with a higher epoch. */
static fs_result keep_trust(void) {
  uint8_t kept[sizeof fs_now.last_license];
  if (fs_session.trust.epoch <= fs_now.epoch) return FS_OK;
  fs_now.epoch = fs_session.trust.epoch;
  memcpy(kept, fs_now.last_license, sizeof kept);
  memcpy(fs_now.root, fs_session.trust.root + 1, sizeof fs_now.root);
  /* Defence package-license-kept: a copy of the root that is one turn too long ends in it. */
  if (check_trust() != FS_OK || fs_equal(kept, fs_now.last_license, sizeof kept) != FS_YES) return fs_journal_recall();
  return fs_journal_commit();
}

static fs_result accept_twice(fs_view header) {
  uint8_t first[FS_HASH_SIZE];
  uint8_t second[FS_HASH_SIZE];
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  /* Defence package-of-a-lost-chip */
  FS_REQUIRE(fs_now.life_cycle != FS_LIFE_LOST, FS_ERR_RECOVERY_NEEDED);
  FS_TRY(pass(header, first));
  /* Defence package-second-pass */
  FS_TRY(pass(header, second));
  FS_INSIST(fs_equal(first, second, sizeof first) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_INSIST(FS_FLOW_PACKAGE_DONE);
  FS_TRY(keep_trust());
  FS_TRY(check_trust());
  FS_TRY(fs_session_check_manifest()); /* a store that went elsewhere */
  fs_session.phase = FS_FLOW_BIND(FS_PHASE_PACKAGE, FS_FLOW_PACKAGE_DONE);
  return FS_OK;
}

fs_result fs_package_accept(fs_view header) {
  fs_result result;
  FS_FLOW_BEGIN(FS_FLOW_PACKAGE);
  result = accept_twice(header);
  if (result != FS_OK) fs_session_end();
  return result;
}

fs_result fs_package_license(fs_buffer header, fs_buffer *license) {
  header_parts found;
  fs_view view;
  view.data = header.data;
  view.length = header.length;
  FS_TRY_AS(read_header(view, &found), FS_ERR_PACKAGE_MALFORMED);
  FS_REQUIRE(found.license.data != 0, FS_ERR_PACKAGE_LICENSE_MISSING);
  license->data = header.data + (found.license.data - header.data);
  license->length = found.license.length;
  return FS_OK;
}

/* See fs_receipt.h. */
#include "fs_receipt.h"

#include "fs_chip_facts.h"
#include "fs_device_sign.h"
#include "fs_digest.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_update.h"
#include "fs_version.h"

/* Claims of RFC 9711 section 4 and section 5, and the profile. */
#define CLAIM_EAT_NONCE 10u
#define CLAIM_UEID 256u
#define CLAIM_DBGSTAT 263u
#define CLAIM_EAT_PROFILE 265u
/* spec/receipt.md section 2: of the install that the license was for. */
enum { RESULT_INSTALLED = 0, RESULT_GIVEN_UP = 1, RESULT_ON_TRIAL = 2, RESULT_GONE = 3 };

#define PROFILE "tag:firmseal,2026:receipt-1"

/* The install that a receipt is for. */
typedef struct {
  fs_answer agent; /* of the agent, not of an application */
  const uint8_t *manifest_digest;
  const fs_license_names *license;
  const fs_area *areas;
  uint32_t area_count;
  const uint8_t *mac; /* of what it left in flash */
} subject;

/* What was found about the install. */
typedef struct {
  uint32_t result;
  fs_answer fresh;
  fs_answer measured;
} finding;

/* Private claims -70001 to -70018: the CBOR argument of -n is n - 1. */
static void write_private(fs_writer *writer, uint32_t number) { fs_write_negative(writer, 70000u + number - 1u); }

/* The present application, or the one that was given up. */
static subject application(void) {
  subject of;
  fs_answer other = fs_now.receipt == FS_RECEIPT_OTHER ? FS_YES : FS_NO;
  of.agent = FS_NO;
  of.manifest_digest = other == FS_YES ? fs_now.other.manifest_digest : fs_now.manifest_digest;
  of.license = &fs_now.receipt_of;
  /* Both counts together are at most FS_AREA_MAX: fs_journal_load looked. */
  of.areas = other == FS_YES ? fs_now.areas + fs_now.area_count : fs_now.areas;
  of.area_count = other == FS_YES ? fs_now.other.area_count : fs_now.area_count;
  of.mac = other == FS_YES ? fs_now.other.firmware_mac : fs_now.firmware_mac;
  return of;
}

/* The agent that was installed last. */
static subject agent(const fs_area *area) {
  subject of;
  of.agent = FS_YES;
  of.manifest_digest = fs_now.update.manifest_digest;
  of.license = &fs_now.update.receipt_of;
  of.areas = area;
  of.area_count = 1;
  of.mac = fs_now.update.mac;
  return of;
}

/* One pass: flash holds what the MAC in the journal was made of. */
static fs_result __attribute__((noinline)) check_mac(const subject *of, const uint8_t mac[FS_HASH_SIZE]) {
  FS_DEMAND(fs_equal(mac, of->mac, FS_HASH_SIZE) == FS_YES, FS_ERR_AREA_DIGEST_WRONG);
  return FS_OK;
}

static uint32_t standing(const subject *of) {
  return of->agent != FS_YES && fs_life_on_trial() == FS_YES ? RESULT_ON_TRIAL : RESULT_INSTALLED;
}

/* As flash has it now. A MAC that was not computed is not the one in the journal. */
static uint32_t measure(const subject *of) {
  uint8_t mac[FS_HASH_SIZE];
  memset(mac, 0, sizeof mac);
  if (fs_digest_measure(of->areas, of->area_count, mac) != FS_OK) return RESULT_GONE;
  if (check_mac(of, mac) != FS_OK || check_mac(of, mac) != FS_OK) return RESULT_GONE;
  return standing(of);
}

static finding find(const subject *of, fs_answer fresh) {
  finding found;
  found.fresh = fresh;
  found.measured = FS_NO;
  if (of->agent != FS_YES && fresh == FS_YES && fs_now.life_cycle == FS_LIFE_INSTALLING) {
    found.result = RESULT_GONE;
  } else if (of->agent != FS_YES && fs_now.receipt == FS_RECEIPT_OTHER) {
    found.result = RESULT_GIVEN_UP;
  } else if (fresh == FS_YES) {
    found.result = measure(of);
    found.measured = FS_YES;
  } else {
    found.result = standing(of);
  }
  return found;
}

static void write_areas(fs_writer *writer, const subject *of) {
  uint32_t i;
  fs_write_array(writer, of->area_count);
  for (i = 0; i < of->area_count && i < FS_AREA_MAX; i++) {
    const fs_area *area = &of->areas[i];
    if (area->kind == FS_AREA_GENERATED) fs_write_uint(writer, area->length);
    else fs_write_bytes(writer, area->digest, FS_HASH_SIZE);
  }
}

/* Claims 2 to 6: the install. */
static void write_install(fs_writer *writer, const subject *of) {
  write_private(writer, 2);
  fs_write_bytes(writer, of->manifest_digest, FS_HASH_SIZE);
  write_private(writer, 3);
  fs_write_bytes(writer, of->license->license_id, sizeof of->license->license_id);
  write_private(writer, 4);
  fs_write_bytes(writer, of->license->job_id, sizeof of->license->job_id);
  write_private(writer, 5);
  fs_write_uint(writer, fs_now.install_count);
  write_private(writer, 6);
  write_areas(writer, of);
}

/* Claims 7 to 18: the chip as it is now, and what was found. */
static void write_state(fs_writer *writer, const subject *of, const finding *found, const fs_readout_levels *level) {
  write_private(writer, 7);
  fs_policy_write_registers(writer);
  write_private(writer, 8);
  fs_write_uint(writer, fs_now.security_counter);
  write_private(writer, 9);
  fs_write_uint(writer, level->read);
  write_private(writer, 10);
  fs_write_uint(writer, found->result);
  write_private(writer, 11);
  fs_write_uint(writer, FS_AGENT_VERSION);
  write_private(writer, 12);
  fs_write_text(writer, FS_CHIP_ID);
  write_private(writer, 13);
  fs_write_bool(writer, level->effective < FS_TIER_B_READOUT_LEVEL ? FS_YES : FS_NO);
  write_private(writer, 14);
  fs_write_bytes(writer, of->license->digest, FS_HASH_SIZE);
  write_private(writer, 15);
  fs_write_bool(writer, found->measured);
  write_private(writer, 16);
  fs_write_uint(writer, fs_identity_origin());
  write_private(writer, 17);
  fs_write_bool(writer, level->level_key != FS_NO ? FS_YES : FS_NO);
  if (of->agent != FS_YES) return;
  write_private(writer, 18);
  fs_write_array(writer, 2);
  fs_write_uint(writer, fs_now.update.version);
  fs_write_uint(writer, fs_now.update.counter);
}

static fs_result write_payload(fs_writer *writer, fs_view challenge, const subject *of, const finding *found) {
  static const uint8_t dbgstat[3] = {0, 1, 4}; /* enabled; disabled; disabled fully and permanently */
  uint8_t ueid[33];
  fs_readout_levels level;
  FS_TRY(fs_policy_readout_levels(&level));
  ueid[0] = 1; /* type RAND */
  memcpy(ueid + 1, fs_identity_thumbprint(), FS_HASH_SIZE);
  fs_write_map(writer, of->agent == FS_YES ? 22 : 21);
  fs_write_uint(writer, CLAIM_EAT_NONCE);
  if (found->fresh == FS_YES) fs_write_bytes(writer, challenge.data, challenge.length);
  else fs_write_bytes(writer, of->license->receipt_nonce, FS_HASH_SIZE);
  fs_write_uint(writer, CLAIM_UEID);
  fs_write_bytes(writer, ueid, sizeof ueid);
  fs_write_uint(writer, CLAIM_DBGSTAT);
  fs_write_uint(writer, dbgstat[level.effective]);
  fs_write_uint(writer, CLAIM_EAT_PROFILE);
  fs_write_text(writer, PROFILE);
  write_private(writer, 1);
  fs_write_bool(writer, found->fresh);
  write_install(writer, of);
  write_state(writer, of, found, &level);
  return FS_OK;
}

static fs_result write(fs_writer *writer, fs_view challenge, const subject *of) {
  finding found;
  uint32_t payload;
  FS_REQUIRE(challenge.length == 0 || challenge.length == FS_HASH_SIZE, FS_ERR_REQUEST_MALFORMED);
  found = find(of, challenge.length > 0 ? FS_YES : FS_NO);
  payload = fs_cose_begin(writer, FS_TYP_RECEIPT);
  FS_TRY(write_payload(writer, challenge, of, &found));
  return fs_device_sign(writer, FS_TYP_RECEIPT, payload);
}

fs_result fs_receipt_write(fs_writer *writer, fs_view challenge) {
  subject of;
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  FS_INSIST(fs_now.life_cycle != FS_LIFE_LOST && (fs_now.receipt == FS_RECEIPT_PRESENT || fs_now.receipt == FS_RECEIPT_OTHER),
            FS_ERR_NO_RECEIPT);
  of = application();
  return write(writer, challenge, &of);
}

fs_result fs_receipt_write_agent(fs_writer *writer, fs_view challenge) {
  fs_area area;
  subject of;
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  /* Defence agent-receipt-of-an-ended-install */
  FS_INSIST(fs_now.life_cycle != FS_LIFE_LOST &&
                (fs_now.update.status == FS_UPDATE_WRITTEN || fs_now.update.status == FS_UPDATE_RUNS),
            FS_ERR_NO_RECEIPT);
  area = fs_update_area();
  of = agent(&area);
  return write(writer, challenge, &of);
}

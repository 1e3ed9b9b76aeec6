/* See fs_receipt.h. */
#include "fs_receipt.h"

#include "fs_chip_facts.h"
#include "fs_cose.h"
#include "fs_identity.h"
#include "fs_journal.h"

/* Claims of RFC 9711 section 4 and section 5, and the profile. */
#define CLAIM_EAT_NONCE 10u
#define CLAIM_UEID 256u
#define CLAIM_DBGSTAT 263u
#define CLAIM_EAT_PROFILE 265u
/* spec/receipt.md: of the install that the license was for. */
enum { RESULT_INSTALLED = 0, RESULT_REVERTED = 1 };

#define PROFILE "tag:firmseal,2026:receipt-1"

/* Private claims -70001 to -70013: the CBOR argument of -n is n - 1. */
static void write_private(fs_writer *writer, uint32_t number) { fs_write_negative(writer, 70000u + number - 1u); }

static void write_areas(fs_writer *writer) {
  fs_answer given_up = fs_now.life_cycle == FS_LIFE_REVERTED ? FS_YES : FS_NO;
  uint32_t start = given_up == FS_YES ? fs_now.area_count : 0;
  uint32_t count = given_up == FS_YES ? fs_now.other.area_count : fs_now.area_count;
  uint32_t i;
  fs_write_array(writer, count);
  for (i = start; i < start + count && i < FS_AREA_MAX; i++) {
    const fs_area *area = &fs_now.areas[i];
    if (area->kind == FS_AREA_FIRMWARE) fs_write_bytes(writer, area->digest, FS_HASH_SIZE);
    else fs_write_uint(writer, area->length);
  }
}

static void write_measured(fs_writer *writer) {
  write_private(writer, 2);
  fs_write_bytes(writer, fs_now.life_cycle == FS_LIFE_REVERTED ? fs_now.other.manifest_digest : fs_now.manifest_digest,
                 FS_HASH_SIZE);
  write_private(writer, 3);
  fs_write_bytes(writer, fs_now.license_id, sizeof fs_now.license_id);
  write_private(writer, 4);
  fs_write_bytes(writer, fs_now.job_id, sizeof fs_now.job_id);
  write_private(writer, 5);
  fs_write_uint(writer, fs_now.install_count);
  write_private(writer, 6);
  write_areas(writer);
}

static fs_result write_payload(fs_writer *writer, fs_view challenge) {
  static const uint8_t dbgstat[3] = {0, 1, 4}; /* enabled; disabled; disabled fully and permanently */
  uint8_t ueid[33];
  uint32_t level;
  FS_TRY(fs_policy_readout_level(&level));
  ueid[0] = 1; /* type RAND */
  memcpy(ueid + 1, fs_identity_thumbprint(), FS_HASH_SIZE);
  fs_write_map(writer, 17);
  fs_write_uint(writer, CLAIM_EAT_NONCE);
  if (challenge.length > 0) fs_write_bytes(writer, challenge.data, challenge.length);
  else fs_write_bytes(writer, fs_now.receipt_nonce, FS_HASH_SIZE);
  fs_write_uint(writer, CLAIM_UEID);
  fs_write_bytes(writer, ueid, sizeof ueid);
  fs_write_uint(writer, CLAIM_DBGSTAT);
  fs_write_uint(writer, dbgstat[level]);
  fs_write_uint(writer, CLAIM_EAT_PROFILE);
  fs_write_text(writer, PROFILE);
  write_private(writer, 1);
  fs_write_bool(writer, challenge.length > 0 ? FS_YES : FS_NO);
  write_measured(writer);
  write_private(writer, 7);
  fs_policy_write_registers(writer);
  write_private(writer, 8);
  fs_write_uint(writer, fs_now.security_counter);
  write_private(writer, 9);
  fs_write_uint(writer, level);
  write_private(writer, 10);
  fs_write_uint(writer, fs_now.life_cycle == FS_LIFE_REVERTED ? RESULT_REVERTED : RESULT_INSTALLED);
  write_private(writer, 11);
  fs_write_uint(writer, FS_AGENT_VERSION);
  write_private(writer, 12);
  fs_write_text(writer, FS_CHIP_ID);
  write_private(writer, 13);
  fs_write_bool(writer, level < FS_TIER_B_READOUT_LEVEL ? FS_YES : FS_NO);
  return FS_OK;
}

fs_result fs_receipt_write(fs_writer *writer, fs_view challenge) {
  uint8_t key[FS_SCALAR_SIZE];
  uint32_t payload;
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  FS_REQUIRE(challenge.length == 0 || challenge.length == FS_HASH_SIZE, FS_ERR_REQUEST_MALFORMED);
  FS_INSIST((fs_life_boots() == FS_YES || fs_now.life_cycle == FS_LIFE_TRIAL) && fs_now.receipt == FS_YES,
            FS_ERR_NO_RECEIPT);
  payload = fs_cose_begin(writer, FS_TYP_RECEIPT);
  FS_TRY(write_payload(writer, challenge));
  FS_TRY(fs_identity_signing_private(key));
  fs_cose_end(writer, FS_TYP_RECEIPT, payload, key);
  fs_wipe(key, sizeof key);
  return writer->status;
}

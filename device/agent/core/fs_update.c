/* See fs_update.h. */
#include "fs_update.h"

#include "fs_anchor_block.h"
#include "fs_chip_facts.h"
#include "fs_digest.h"
#include "fs_estimate.h"
#include "fs_flow.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_pending.h"
#include "fs_session.h"

/* The counter of the agent that runs, from the head of its image; all ones, which no package exceeds, when it
 * cannot be read. */
static uint32_t __attribute__((noinline)) own_counter(void) {
  uint8_t head[FS_AGENT_HEAD_BYTES];
  if (fs_flash_read(FS_AGENT_START, head, sizeof head) != FS_OK) return 0xffffffffu;
  return fs_agent_image_counter(head);
}

fs_result fs_update_check(const fs_manifest *manifest) {
  /* Defence agent-counter */
  FS_DEMAND(manifest->areas[0].detail > own_counter(), FS_ERR_AGENT_COUNTER_ROLLED_BACK);
  /* Its places would have to be erased first, and the journal has room for one install under way. */
  /* Defence agent-not-beside-an-install */
  FS_DEMAND(fs_now.life_cycle != FS_LIFE_INSTALLING, FS_ERR_AGENT_INSTALL_PENDING);
  return FS_OK;
}

fs_area fs_update_area(void) {
  fs_area area;
  memset(&area, 0, sizeof area);
  area.kind = FS_AREA_AGENT;
  area.address = FS_AGENT_COPY_START;
  area.length = fs_now.update.length;
  area.detail = fs_now.update.counter;
  memcpy(area.digest, fs_now.update.digest, sizeof area.digest);
  return area;
}

fs_result fs_update_begin(void) {
  const fs_area *area = &fs_session.manifest.areas[0];
  uint32_t none = 0;
  FS_TRY(fs_session_check_manifest());
  /* The journal says nothing of it: what stands stays, and a slot without a head is no image. */
  FS_TRY(fs_update_check(&fs_session.manifest));
  FS_TRY(fs_area_erase(fs_area_place(area), &none, 0));
  /* On some chips a copy of the identity lies in that erase unit: before the anchor erases another one. */
  /* Defence agent-update-heals-identity */
  fs_identity_heal();
  return FS_OK;
}

/* One pass: what the image says of itself is what the package was accepted for, and this chip may take it. */
static fs_result __attribute__((noinline)) check_facts(const fs_agent_facts *facts) {
  const fs_area *area = &fs_session.manifest.areas[0];
  FS_DEMAND(fs_manifest_is_agent(&fs_session.manifest) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(facts->has_proof == FS_YES, FS_ERR_AGENT_IMAGE_UNKNOWN);
  /* Defence agent-counter-of-the-package */
  FS_DEMAND(facts->counter == area->detail && facts->code_length == area->length - FS_AGENT_HEADER_LENGTH,
            FS_ERR_AGENT_IMAGE_OTHER);
  FS_DEMAND(facts->counter > own_counter(), FS_ERR_AGENT_COUNTER_ROLLED_BACK);
  /* The anchor reads no journal; this agent knows which epochs have ended. */
  /* Defence agent-image-epoch */
  FS_DEMAND(facts->epoch >= fs_now.epoch, FS_ERR_DELEGATION_REVOKED);
  return FS_OK;
}

/* The check that the anchor will make, on the image as it will be; and what only the agent can know. */
static fs_result check_image(fs_agent_facts *facts) {
  fs_anchor_data trust;
  fs_pending_tell(FS_ESTIMATE_IMAGE_MS);
  FS_TRY(fs_anchor_block_read(&trust));
  /* Defence agent-image-checked */
  FS_TRY(fs_agent_image_check_held(FS_AGENT_COPY_START, fs_session.head, &trust, facts));
  FS_FLOW_INSIST(FS_FLOW_RECORD_DONE + 2u * FS_STEP_IMAGE);
  FS_FLOW_STEP(0u - 2u * FS_STEP_IMAGE);
  FS_TRY(check_facts(facts));
  FS_TRY(check_facts(facts));
  return FS_OK;
}

static void note(const fs_agent_facts *facts, const uint8_t mac[FS_HASH_SIZE]) {
  const fs_manifest *manifest = &fs_session.manifest;
  fs_update *update = &fs_now.update;
  update->status = FS_UPDATE_WAITING;
  update->length = manifest->areas[0].length;
  update->version = facts->version;
  update->counter = facts->counter;
  memcpy(update->manifest_digest, manifest->digest, FS_HASH_SIZE);
  memcpy(update->digest, manifest->areas[0].digest, FS_HASH_SIZE);
  memcpy(update->mac, mac, FS_HASH_SIZE);
  update->receipt_of = fs_session.license;
  /* The license is used up: in mode session it may not begin another install. */
  fs_wipe(fs_now.last_license, sizeof fs_now.last_license);
}

/* Once: for a store that was left out, or went elsewhere. */
static fs_result __attribute__((noinline)) check_noted(const fs_agent_facts *facts) {
  const fs_update *update = &fs_now.update;
  FS_DECIDE(fs_session_check_manifest());
  FS_DEMAND(update->status == FS_UPDATE_WAITING && update->counter == facts->counter &&
                update->version == facts->version && update->length == fs_session.manifest.areas[0].length,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(update->manifest_digest, fs_session.manifest.digest, FS_HASH_SIZE) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal((const uint8_t *)&update->receipt_of, (const uint8_t *)&fs_session.license,
                     sizeof update->receipt_of) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_all(fs_now.last_license, sizeof fs_now.last_license, 0) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* From WAITING on, in one record with the count. */
static fs_result end_well(uint32_t status) {
  if (fs_now.install_count < FS_COUNT_MAX) fs_now.install_count++;
  fs_now.update.status = status;
  return fs_journal_commit();
}

fs_result fs_update_finish(const uint8_t mac[FS_HASH_SIZE]) {
  fs_agent_facts facts;
  FS_TRY(check_image(&facts));
  note(&facts, mac);
  if (check_noted(&facts) != FS_OK || check_noted(&facts) != FS_OK) return fs_journal_recall();
  FS_TRY(fs_journal_commit());
  FS_FLOW_INSIST(FS_FLOW_RECORD_DONE);
  /* From here on the anchor starts it. A power cut before the next record leaves that to fs_update_settle. */
  FS_TRY(fs_flash_write(FS_AGENT_COPY_START, fs_session.head, sizeof fs_session.head));
  return end_well(FS_FLOW_BIND(FS_UPDATE_WRITTEN, FS_FLOW_RECORD_DONE));
}

/* FS_YES when the image that was noted stands whole in the second slot. */
static fs_answer stands(void) {
  uint8_t mac[FS_HASH_SIZE];
  fs_area area = fs_update_area();
  memset(mac, 0, sizeof mac);
  if (area.length <= FS_AGENT_HEADER_LENGTH || area.length > FS_AGENT_LENGTH) return FS_NO;
  if (fs_digest_measure(&area, 1, mac) != FS_OK) return FS_NO;
  return fs_equal(mac, fs_now.update.mac, sizeof mac);
}

/* The anchor put back what was there before: nothing of the install is left. */
static fs_result forget(void) {
  fs_wipe(&fs_now.update, sizeof fs_now.update);
  return fs_journal_commit();
}

fs_result fs_update_settle(fs_answer *stay) {
  *stay = FS_NO;
  if (fs_now.update.status != FS_UPDATE_WAITING && fs_now.update.status != FS_UPDATE_WRITTEN) return FS_OK;
  /* Defence agent-update-settled */
  if (own_counter() != fs_now.update.counter || stands() != FS_YES) return forget();
  *stay = FS_YES;
  if (fs_now.update.status == FS_UPDATE_WAITING) return end_well(FS_UPDATE_RUNS);
  fs_now.update.status = FS_UPDATE_RUNS;
  return fs_journal_commit();
}

fs_answer fs_update_is_due(void) { return fs_now.update.status == FS_UPDATE_WRITTEN ? FS_YES : FS_NO; }

/* See fs_install.h. */
#include "fs_install.h"

#include "fs_digest.h"
#include "fs_floor.h"
#include "fs_flow.h"
#include "fs_journal.h"
#include "fs_license.h"
#include "fs_random.h"
#include "fs_record.h"
#include "fs_session.h"
#include "fs_trial.h"
#include "fs_update.h"

/* Every area is tried, also after one could not be erased. */
static fs_result erase_under_way(void) {
  fs_result result = FS_OK;
  uint32_t i;
  for (i = 0; i < FS_AREA_MAX && fs_now.under_way.places[i].length != 0; i++) {
    uint32_t none = 0;
    fs_result erased = fs_area_erase(fs_now.under_way.places[i], &none, 0);
    if (erased != FS_OK) result = erased;
  }
  return result;
}

fs_result fs_install_abandon(void) {
  FS_TRY(erase_under_way());
  fs_now.progress = 0;
  fs_now.life_cycle = FS_LIFE_ERASED;
  fs_now.area_count = 0;
  fs_now.receipt = FS_RECEIPT_NONE;
  fs_wipe(&fs_now.under_way, sizeof fs_now.under_way);
  fs_trial_forget();
  return fs_journal_commit();
}

/* An install that cannot go on: the application is erased, the keys are forgotten, a
 * license may come again. */
static fs_result fail(fs_result fault) {
  fs_session_back_to_package();
  if (fs_now.life_cycle == FS_LIFE_INSTALLING) (void)fs_install_abandon();
  else (void)fs_journal_recall(); /* beside an application that stands; or a glitch led away from the end of the install */
  return fault;
}

/* The progress is 0 once another license was unwrapped: fs_license.c. */
static fs_answer can_resume(void) {
  if (fs_now.life_cycle != FS_LIFE_INSTALLING || fs_now.interruption != FS_INTERRUPTION_RESUME) return FS_NO;
  if (fs_now.progress == 0) return FS_NO;
  return fs_equal(fs_now.under_way.manifest_digest, fs_session.manifest.digest, FS_HASH_SIZE);
}

/* FS_YES for an area of generated keys that stays: the install that stands has the same one. */
static fs_answer is_kept(const fs_area *area) {
  uint32_t i;
  if (area->kind != FS_AREA_GENERATED || area->detail != FS_UPDATE_KEEP) return FS_NO;
  if (fs_life_boots() != FS_YES) return FS_NO;
  for (i = 0; i < fs_now.area_count && i < FS_AREA_MAX; i++) {
    const fs_area *before = &fs_now.areas[i];
    if (before->kind == FS_AREA_GENERATED && before->address == area->address && before->length == area->length)
      return FS_YES;
  }
  return FS_NO;
}

static fs_result generate_keys(const fs_area *area) {
  uint8_t piece[FS_FLASH_GRAIN];
  uint32_t done;
  /* The length is a multiple of 32 and at most 1024. */
  for (done = 0; done < area->length; done += sizeof piece) {
    FS_TRY(fs_random(piece, sizeof piece));
    FS_TRY(fs_flash_write(area->address + done, piece, sizeof piece));
  }
  fs_wipe(piece, sizeof piece);
  return FS_OK;
}

/* First address of firmware: where a resume of an install without a completed unit begins. */
static uint32_t firmware_start(void) {
  uint32_t i = 0;
  while (fs_session.manifest.areas[i].kind != FS_AREA_FIRMWARE) i++; /* an accepted manifest has one */
  return fs_session.manifest.areas[i].address;
}

/* Step 5: erase and write what no record brings; firmware is erased just before its records (fs_record.c).
 * `kept`: bit i for an area i that stays. */
static fs_result prepare_areas(const fs_device_data *data, uint32_t kept) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint32_t used = 0;
  uint32_t i;
  for (i = 0; i < manifest->area_count; i++) {
    const fs_area *area = &manifest->areas[i];
    uint32_t none = 0;
    if (fs_area_has_records(area) == FS_YES) continue;
    if ((kept >> i & 1u) == 0) FS_TRY(fs_area_erase(fs_area_place(area), &none, 0));
    if (area->kind == FS_AREA_GENERATED && (kept >> i & 1u) == 0) FS_TRY(generate_keys(area));
    if (area->kind != FS_AREA_DEVICE_DATA) continue;
    FS_REQUIRE(used < data->count && data->data[used].length == area->length, FS_ERR_INTERNAL_CHECK_FAILED);
    FS_TRY(fs_flash_write(area->address, data->data[used].data, area->length));
    used++;
  }
  return FS_OK;
}

/* One pass: the application of fs_now is what package and license say. Called, so that the address of fs_now
 * is not one that a glitch spoilt. */
static fs_result __attribute__((noinline)) check_terms(void) {
  const fs_manifest *manifest = &fs_session.manifest;
  FS_DECIDE(fs_session_check_manifest());
  FS_DEMAND(fs_now.entry == manifest->entry && fs_now.boot_check == manifest->boot_check, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.interruption == manifest->interruption && fs_now.epoch == fs_session.trust.epoch,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.area_count == manifest->area_count, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal((const uint8_t *)fs_now.areas, (const uint8_t *)manifest->areas,
                     manifest->area_count * (uint32_t)sizeof fs_now.areas[0]) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.manifest_digest, manifest->digest, FS_HASH_SIZE) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* Before anything is erased: the application that stood cannot boot any more, and the
 * journal says what to erase. */
static fs_result __attribute__((noinline)) check_begun(void) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint32_t i;
  FS_DEMAND(fs_now.life_cycle == FS_LIFE_INSTALLING && fs_now.trial_counter == 0, FS_ERR_INTERNAL_CHECK_FAILED);
  /* Defence install-beginning-written */
  FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED); /* and it was written */
  FS_DECIDE(fs_session_check_manifest());
  FS_DEMAND(fs_now.interruption == manifest->interruption, FS_ERR_INTERNAL_CHECK_FAILED);
  for (i = 0; i < manifest->area_count; i++) {
    fs_place place = fs_area_place(&manifest->areas[i]);
    FS_DEMAND(fs_equal((const uint8_t *)&fs_now.under_way.places[i], (const uint8_t *)&place, sizeof place) == FS_YES,
              FS_ERR_INTERNAL_CHECK_FAILED);
  }
  FS_DEMAND(i == manifest->area_count, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal(fs_now.under_way.manifest_digest, manifest->digest, FS_HASH_SIZE) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/*
 * Before the valid record is written: a store that was left out must not reach it. The MAC is not looked at:
 * with a wrong one nothing boots under boot check 2, and boot check 1 does not ask for it.
 */
static fs_result __attribute__((noinline)) check_end(uint32_t count) {
  FS_DEMAND(fs_manifest_is_agent(&fs_session.manifest) != FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  if (fs_now.life_cycle == FS_LIFE_INSTALLED)
    FS_DEMAND(fs_now.security_counter == fs_session.manifest.security_counter && fs_now.trial_counter == 0,
              FS_ERR_INTERNAL_CHECK_FAILED);
  else
    FS_DEMAND(fs_now.life_cycle == FS_LIFE_TRIAL && fs_session.manifest.interruption == FS_INTERRUPTION_TRIAL,
              FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.install_count == count || fs_now.install_count == FS_COUNT_MAX, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.progress == 0 && fs_now.receipt == FS_RECEIPT_PRESENT, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal((const uint8_t *)&fs_now.receipt_of, (const uint8_t *)&fs_session.license,
                     sizeof fs_now.receipt_of) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  /* The license is used up: in mode session it may not begin another install. */
  /* Defence install-under-way-gone */
  FS_DEMAND(fs_all(fs_now.last_license, sizeof fs_now.last_license, 0) == FS_YES &&
                fs_all((const uint8_t *)&fs_now.under_way, sizeof fs_now.under_way, 0) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  return check_terms();
}

/* Steps 4 and 5. From the commit on, the application is not bootable; what is known of it
 * stays until this install ended. */
static fs_result begin_from_start(const fs_device_data *data) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint32_t kept = 0;
  uint32_t i;
  for (i = 0; i < manifest->area_count; i++)
    if (is_kept(&manifest->areas[i]) == FS_YES) kept |= 1u << i;
  if (fs_now.life_cycle == FS_LIFE_PERSONALIZED) fs_session.fresh = 1;
  fs_now.life_cycle = FS_LIFE_INSTALLING;
  fs_now.interruption = manifest->interruption;
  fs_now.progress = 0;
  fs_now.trial_counter = 0;
  memset(&fs_now.under_way, 0, sizeof fs_now.under_way);
  memcpy(fs_now.under_way.manifest_digest, manifest->digest, FS_HASH_SIZE);
  for (i = 0; i < manifest->area_count; i++) fs_now.under_way.places[i] = fs_area_place(&manifest->areas[i]);
  /* Defence install-journaled-before-erase */
  FS_TRY(fs_journal_commit());
  FS_TRY(check_begun());
  FS_TRY(check_begun());
  FS_TRY(prepare_areas(data, kept));
  if (manifest->interruption == FS_INTERRUPTION_RESUME) FS_TRY(fs_journal_progress(firmware_start()));
  return FS_OK;
}

static fs_result begin(const fs_device_data *data) {
  FS_FLOW_INSIST(FS_FLOW_LICENSE_READY);
  if (fs_manifest_is_agent(&fs_session.manifest) == FS_YES) {
    FS_TRY(fs_update_begin());
  } else if (fs_trial_beside(&fs_session.manifest) == FS_YES) {
    /* The journal goes on saying that the previous application is installed: a cut forgets this install. */
    FS_TRY(fs_trial_check_beside(&fs_session.manifest));
    FS_TRY(prepare_areas(data, 0));
  } else if (can_resume() != FS_YES) {
    /* What another install left must be gone before its places are forgotten. */
    if (fs_now.life_cycle == FS_LIFE_INSTALLING) FS_TRY(erase_under_way());
    FS_TRY(begin_from_start(data));
  }
  fs_record_begin();
  FS_TRY(fs_session_check_manifest()); /* once: for what a glitch wrote over it since */
  FS_FLOW_STEP(FS_STEP_BEGIN);
  fs_session.phase = FS_FLOW_BIND(FS_PHASE_RECORDS, FS_FLOW_LICENSE_DONE);
  return FS_OK;
}

/* Step 3, one pass. The checks of the package are made again: the option bytes decide over what follows. */
static fs_result check_policy(fs_answer *differs) {
  const fs_manifest *manifest = &fs_session.manifest;
  FS_DECIDE(fs_policy_check_strength(manifest->requirements, manifest->requirement_count));
  *differs = fs_policy_differs(manifest->requirements, manifest->requirement_count);
  FS_FLOW_STEP(FS_STEP_POLICY);
  return FS_OK;
}

static fs_result take_license(fs_buffer bundle, fs_answer *apply_options) {
  const fs_manifest *manifest = &fs_session.manifest;
  fs_device_data data;
  fs_answer differs[2];
  fs_result result;
  data.count = FS_AREA_MAX + 1u;
  FS_TRY(fs_license_accept(bundle, &data));
  /* Once: for data that a spoilt pointer wrote somewhere else. */
  /* Defence license-data-here */
  FS_REQUIRE(data.count <= FS_AREA_MAX, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_TRY(check_policy(&differs[0]));
  FS_TRY(check_policy(&differs[1]));
  if (differs[0] != FS_NO || differs[1] != FS_NO) {
    FS_FLOW_INSIST(FS_FLOW_LICENSE_READY);
    FS_TRY(fs_policy_program(manifest->requirements, manifest->requirement_count));
    FS_FLOW_STEP(FS_STEP_BEGIN);
    *apply_options = FS_YES;
    return FS_OK;
  }
  FS_INSIST(differs[0] == FS_NO && differs[1] == FS_NO, FS_ERR_INTERNAL_CHECK_FAILED);
  result = begin(&data);
  return result == FS_OK ? FS_OK : fail(result);
}

fs_result fs_install_license(fs_buffer bundle, fs_answer *apply_options) {
  fs_result result;
  FS_FLOW_BEGIN(FS_FLOW_LICENSE);
  *apply_options = FS_NO;
  FS_INSIST(fs_session.phase == FS_PHASE_PACKAGE, FS_ERR_REQUEST_OUT_OF_STATE);
  result = take_license(bundle, apply_options);
  fs_wipe(bundle.data, bundle.length);
  if (result != FS_OK) fs_session_back_to_package();
  else if (*apply_options == FS_YES) fs_session_end();
  return result;
}

/* The application of fs_now is that of package and license, and the receipt is for it. */
static void take_terms(void) {
  const fs_manifest *manifest = &fs_session.manifest;
  memcpy(fs_now.areas, manifest->areas, manifest->area_count * sizeof fs_now.areas[0]);
  fs_now.area_count = manifest->area_count;
  fs_now.entry = manifest->entry;
  fs_now.boot_check = manifest->boot_check;
  fs_now.interruption = manifest->interruption;
  memcpy(fs_now.manifest_digest, manifest->digest, FS_HASH_SIZE);
  fs_now.receipt_of = fs_session.license;
  fs_now.receipt = FS_RECEIPT_PRESENT;
  fs_now.progress = 0;
  fs_wipe(&fs_now.under_way, sizeof fs_now.under_way);
  fs_wipe(fs_now.last_license, sizeof fs_now.last_license);
}

/* The end of a good install: its answer says so. */
static void done(void) {
  fs_session_back_to_package();
  fs_session.phase = FS_FLOW_BIND(FS_PHASE_DONE, FS_FLOW_RECORD_DONE);
}

/* Steps 7 to 9: digests, then everything that changes with a good install in one record. */
static fs_result finish(void) {
  uint8_t mac[FS_HASH_SIZE];
  volatile uint32_t count = fs_now.install_count + 1u;
  FS_TRY(fs_digest_check_areas(mac));
  FS_FLOW_INSIST(FS_FLOW_RECORD_DONE);
  if (fs_manifest_is_agent(&fs_session.manifest) == FS_YES) {
    FS_TRY(fs_update_finish(mac));
    done();
    return FS_OK;
  }
  if (fs_trial_beside(&fs_session.manifest) == FS_YES) {
    if (fs_trial_take_over(&fs_session.manifest) != FS_OK) return fs_journal_recall();
    fs_now.life_cycle = FS_FLOW_BIND(FS_LIFE_TRIAL, FS_FLOW_RECORD_DONE);
  } else {
    /* Defence install-not-beside: a trial that ends in place is installed without its trial. */
    if (fs_now.life_cycle != FS_LIFE_INSTALLING) return fs_journal_recall();
    fs_now.life_cycle = FS_FLOW_BIND(FS_LIFE_INSTALLED, FS_FLOW_RECORD_DONE);
    fs_now.security_counter = fs_session.manifest.security_counter;
    fs_trial_forget();
  }
  if (fs_now.install_count < FS_COUNT_MAX) fs_now.install_count++;
  take_terms();
  memcpy(fs_now.firmware_mac, mac, sizeof mac);
  /* Defence install-end-looked-at */
  if (check_end(count) != FS_OK || check_end(count) != FS_OK) return fs_journal_recall();
  FS_TRY(fs_journal_commit());
  fs_floor_raise(); /* if power goes before: the next boot does it */
  /* Defence install-floor-beside: a spoilt pointer makes it write its cells' values over the state. */
  if (fs_journal_authentic() != FS_YES) return fs_journal_recall();
  done();
  return FS_OK;
}

/* spec/link.md section 3: the install starts over from its first record, under the same license. */
static fs_result start_over(void) {
  uint32_t start = firmware_start();
  /* Beside an application that stands nothing is compared, and progress in its record
   * would make it another one. */
  FS_INSIST(fs_now.life_cycle == FS_LIFE_INSTALLING, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_TRY(fs_journal_progress(start));
  fs_record_begin();
  return FS_OK;
}

static fs_result take_record(fs_buffer record) {
  fs_result result = fs_record_take(record);
  if (result == FS_ERR_RESUME_CONTENT_DIFFERS) {
    result = start_over();
    return result == FS_OK ? (fs_result)FS_ERR_RESUME_CONTENT_DIFFERS : fail(result);
  }
  if ((result == FS_ERR_RECORD_HASH_WRONG || result == FS_ERR_RECORD_LENGTH_WRONG) &&
      fs_session.manifest.interruption == FS_INTERRUPTION_RESUME)
    return result; /* nothing was written: the same record may come again */
  if (result == FS_ERR_SUPPLY_TOO_LOW) return result; /* likewise */
  if (result == FS_OK) {
    if (fs_session.next_index == fs_session.manifest.record_count) result = finish();
    else FS_FLOW_STEP(FS_FLOW_RECORD_DONE - FS_FLOW_RECORD_STORED); /* no digests are due */
  }
  return result == FS_OK ? FS_OK : fail(result);
}

/* A record that was taken before: acknowledged, and nothing done. */
static fs_result repeated(uint32_t index) {
  FS_INSIST(index < *(volatile uint32_t *)&fs_session.next_index, FS_ERR_RECORD_OUT_OF_ORDER);
  FS_FLOW_STEP(FS_FLOW_RECORD_DONE - FS_FLOW_RECORD);
  return FS_OK;
}

fs_result fs_install_record(uint32_t index, fs_buffer record, uint32_t *awaited) {
  fs_result result;
  FS_FLOW_BEGIN(FS_FLOW_RECORD);
  *awaited = fs_session.next_index;
  if (fs_session.phase == FS_PHASE_DONE && index < fs_session.next_index) return repeated(index);
  FS_INSIST(fs_session.phase == FS_PHASE_RECORDS, FS_ERR_REQUEST_OUT_OF_STATE);
  if (index < fs_session.next_index) return repeated(index);
  FS_REQUIRE(index == fs_session.next_index, FS_ERR_RECORD_OUT_OF_ORDER);
  result = take_record(record);
  fs_wipe(record.data, record.length);
  /* After a fault that ended the install no record is awaited. */
  *awaited = fs_session.phase == FS_PHASE_PACKAGE ? 0 : fs_session.next_index;
  return result;
}

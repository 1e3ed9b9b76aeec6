/* See fs_trial.h. */
#include "fs_trial.h"

#include "fs_flash.h"
#include "fs_journal.h"
#include "fs_port.h"

/* The next life cycle is computed from the present one. When a glitch led here from
 * another one, nothing boots. */
#define LIFE_FROM_TO(from, to)                 \
  do {                                          \
    /* It is read again: the compiler knows the word that it was compared with. */ \
    FS_BARRIER();                               \
    fs_now.life_cycle ^= (from) ^ (to);         \
  } while (0)

static fs_result check_room(const fs_manifest *manifest) {
  uint32_t i, k;
  fs_erase_unit mine, other;
  /* Both counts are at most FS_AREA_MAX: no wrap. */
  FS_DEMAND(manifest->area_count + fs_now.area_count <= FS_AREA_MAX, FS_ERR_TRIAL_NO_ROOM);
  for (i = 0; i < manifest->area_count; i++) {
    FS_TRY(fs_area_units(&manifest->areas[i], &mine));
    for (k = 0; k < fs_now.area_count; k++) {
      FS_TRY(fs_area_units(&fs_now.areas[k], &other));
      FS_DEMAND(mine.end <= other.start || other.end <= mine.start, FS_ERR_TRIAL_NO_ROOM);
    }
  }
  FS_REQUIRE(i == manifest->area_count, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_answer fs_trial_beside(const fs_manifest *manifest) {
  if (manifest->interruption != FS_INTERRUPTION_TRIAL) return FS_NO;
  return fs_now.life_cycle == FS_LIFE_INSTALLED || fs_now.life_cycle == FS_LIFE_REVERTED ? FS_YES : FS_NO;
}

fs_result __attribute__((noinline)) fs_trial_check_beside(const fs_manifest *manifest) {
  FS_DEMAND(fs_trial_beside(manifest) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return check_room(manifest);
}

fs_result fs_trial_check(const fs_manifest *manifest) {
  FS_DEMAND(fs_now.life_cycle != FS_LIFE_TRIAL && fs_now.life_cycle != FS_LIFE_TRYING, FS_ERR_TRIAL_UNDECIDED);
  if (fs_trial_beside(manifest) == FS_YES) FS_DECIDE(check_room(manifest));
  return FS_OK;
}

/* The present application as the other one. */
static void __attribute__((noinline)) read_present(fs_other *present) {
  present->entry = fs_now.entry;
  present->boot_check = fs_now.boot_check;
  present->area_count = fs_now.area_count;
  present->zero = 0;
  memcpy(present->manifest_digest, fs_now.manifest_digest, FS_HASH_SIZE);
  memcpy(present->firmware_mac, fs_now.firmware_mac, FS_HASH_SIZE);
}

static void take_over(const fs_manifest *manifest) {
  read_present(&fs_now.other);
  memmove(fs_now.areas + manifest->area_count, fs_now.areas, fs_now.area_count * sizeof fs_now.areas[0]);
  fs_now.trial_counter = manifest->security_counter;
}

/* Once: for what was left out of take_over. What is present now, the end of the install looks at. */
static fs_result __attribute__((noinline)) check_taken(const fs_manifest *manifest, const fs_other *previous,
                                                       const fs_area *areas) {
  FS_DEMAND(fs_equal((const uint8_t *)&fs_now.other, (const uint8_t *)previous, sizeof *previous) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.trial_counter == manifest->security_counter, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_equal((const uint8_t *)(fs_now.areas + manifest->area_count), (const uint8_t *)areas,
                     previous->area_count * (uint32_t)sizeof *areas) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_trial_take_over(const fs_manifest *manifest) {
  fs_other previous;
  fs_area areas[FS_AREA_MAX];
  FS_TRY(fs_trial_check_beside(manifest)); /* as before the install: what does not fit is not moved */
  read_present(&previous);
  memcpy(areas, fs_now.areas, sizeof areas);
  take_over(manifest);
  return check_taken(manifest, &previous, areas);
}

void fs_trial_forget(void) {
  fs_wipe(&fs_now.other, sizeof fs_now.other);
  fs_now.trial_counter = 0;
}

/* The present application and the other change places. */
static void exchange(void) {
  fs_other mine;
  uint32_t turns = fs_now.area_count;
  uint32_t all = fs_now.area_count + fs_now.other.area_count; /* at most FS_AREA_MAX: fs_journal_load looked */
  fs_area first;
  read_present(&mine);
  for (; turns > 0 && all > 0; turns--) {
    first = fs_now.areas[0];
    memmove(fs_now.areas, fs_now.areas + 1, (all - 1u) * sizeof fs_now.areas[0]);
    fs_now.areas[all - 1u] = first;
  }
  fs_now.entry = fs_now.other.entry;
  fs_now.boot_check = fs_now.other.boot_check;
  fs_now.area_count = fs_now.other.area_count;
  memcpy(fs_now.manifest_digest, fs_now.other.manifest_digest, FS_HASH_SIZE);
  memcpy(fs_now.firmware_mac, fs_now.other.firmware_mac, FS_HASH_SIZE);
  fs_now.other = mine;
}

fs_result fs_trial_revert(void) {
  /* Defence trial-revert-once: a second one would put the application back that was given up. */
  FS_REQUIRE(fs_now.life_cycle == FS_LIFE_TRYING, FS_ERR_INTERNAL_CHECK_FAILED);
  exchange();
  fs_now.receipt ^= FS_RECEIPT_PRESENT ^ FS_RECEIPT_OTHER; /* it was of the one that is given up */
  LIFE_FROM_TO(FS_LIFE_TRYING, FS_LIFE_REVERTED);
  return fs_journal_commit();
}

/* What an application leaves in flash to be kept: this word, eight times. */
#define CONFIRM_WORD 0x66734301u
#define CONFIRM_SIZE 32u

/* Where: the end of the last erase unit of the area with the entry, when the area leaves it free. Erased with
 * the area when the application was installed. */
static fs_result confirm_place(uint32_t *address) {
  uint32_t i;
  fs_erase_unit units;
  for (i = 0; i < fs_now.area_count && i < FS_AREA_MAX; i++) {
    const fs_area *area = &fs_now.areas[i];
    if (fs_area_in_firmware(area, 1, fs_now.entry, 8) != FS_YES) continue;
    FS_TRY(fs_area_units(area, &units));
    *address = units.end - CONFIRM_SIZE;
    return *address >= area->address + area->length ? FS_OK : (fs_result)FS_ERR_AREA_OUTSIDE_APPLICATION;
  }
  return FS_ERR_AREA_OUTSIDE_APPLICATION;
}

static fs_answer left_in_flash(void) {
  uint32_t words[CONFIRM_SIZE / 4];
  uint32_t address, i;
  if (confirm_place(&address) != FS_OK || fs_flash_read(address, (uint8_t *)words, sizeof words) != FS_OK) return FS_NO;
  for (i = 0; i < CONFIRM_SIZE / 4 && words[i] == CONFIRM_WORD; i++) continue;
  return i == CONFIRM_SIZE / 4 ? FS_YES : FS_NO;
}

/* Somebody wrote there before the application ran: its confirmation would say nothing. */
static fs_answer left_too_early(void) {
  uint32_t address;
  return confirm_place(&address) == FS_OK && fs_flash_blank(address, CONFIRM_SIZE) != FS_YES ? FS_YES : FS_NO;
}

static fs_answer __attribute__((noinline)) is_confirmed(void) {
  if (fs_port_trial_confirmed() == FS_YES) return FS_YES;
  return left_in_flash();
}

/* What led here may have been a glitch, so it is asked once more; called, or the compiler looks
 * whether both answers are the same. */
static fs_result __attribute__((noinline)) confirm(void) {
  FS_DEMAND(is_confirmed() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  LIFE_FROM_TO(FS_LIFE_TRYING, FS_LIFE_INSTALLED);
  /* It was not below when the package was taken, and nothing raised the counter since. */
  FS_INSIST(fs_now.trial_counter >= fs_now.security_counter, FS_ERR_INTERNAL_CHECK_FAILED);
  fs_now.security_counter = fs_now.trial_counter;
  FS_INSIST(fs_now.security_counter == fs_now.trial_counter, FS_ERR_INTERNAL_CHECK_FAILED);
  fs_trial_forget();
  return fs_journal_commit();
}

fs_result fs_trial_settle(void) {
  fs_result result;
  if (fs_now.life_cycle != FS_LIFE_TRYING) return FS_OK;
  /* Defence trial-reverts */
  result = is_confirmed() == FS_YES ? confirm() : fs_trial_revert();
  if (result == FS_ERR_INTERNAL_CHECK_FAILED) (void)fs_journal_recall();
  return result;
}

fs_result fs_trial_start(void) {
  /* fs_trial_settle left none that had its boot: else a glitch passed it over. */
  FS_DEMAND(fs_now.life_cycle != FS_LIFE_TRYING, FS_ERR_INTERNAL_CHECK_FAILED);
  if (fs_now.life_cycle != FS_LIFE_TRIAL) return FS_OK;
  FS_BARRIER();
  /* Defence trial-life-twice: a register still holds the word that the life cycle was compared with. */
  FS_REQUIRE(fs_now.life_cycle == FS_LIFE_TRIAL, FS_ERR_INTERNAL_CHECK_FAILED);
  LIFE_FROM_TO(FS_LIFE_TRIAL, FS_LIFE_TRYING);
  /* Defence trial-confirmed-too-early */
  if (left_too_early() == FS_YES) return fs_trial_revert();
  FS_TRY(fs_journal_commit());
  fs_port_trial_watchdog();
  return FS_OK;
}

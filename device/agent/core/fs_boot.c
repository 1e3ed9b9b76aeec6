/* See fs_boot.h. */
#include "fs_boot.h"

#include "fs_digest.h"
#include "fs_floor.h"
#include "fs_flow.h"
#include "fs_identity.h"
#include "fs_install.h"
#include "fs_journal.h"
#include "fs_personalize.h"
#include "fs_port.h"
#include "fs_session.h"
#include "fs_staged.h"
#include "fs_status.h"
#include "fs_trial.h"
#include "fs_update.h"

/* What the decision needs of flash: the MAC of the application where the record asks for it, else zeros. */
static fs_result measure(uint8_t mac[FS_HASH_SIZE]) {
  fs_wipe(mac, FS_HASH_SIZE);
  if (fs_now.boot_check == FS_BOOT_RECORD) return FS_OK;
  FS_REQUIRE(fs_now.area_count <= FS_AREA_MAX, FS_ERR_INTERNAL_CHECK_FAILED);
  return fs_digest_measure(fs_now.areas, fs_now.area_count, mac);
}

/* One pass: a valid record stands and, where it asks for that, the application is what was installed. */
static fs_result decide(const uint8_t mac[FS_HASH_SIZE]) {
  /* Defence boot-valid-record */
  FS_DEMAND(fs_life_boots() == FS_YES, FS_ERR_REQUEST_OUT_OF_STATE);
  FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_JOURNAL_FAILED);
  FS_DECIDE(fs_area_check_chip(fs_now.areas, fs_now.area_count));
  FS_DEMAND(fs_area_in_firmware(fs_now.areas, fs_now.area_count, fs_now.entry, 8) == FS_YES,
            FS_ERR_ENTRY_OUTSIDE_FIRMWARE);
  if (fs_now.boot_check != FS_BOOT_RECORD)
    FS_DEMAND(fs_equal(mac, fs_now.firmware_mac, FS_HASH_SIZE) == FS_YES, FS_ERR_AREA_DIGEST_WRONG);
  FS_FLOW_STEP(FS_STEP_BOOT);
  return FS_OK;
}

static fs_result check_application(void) {
  uint8_t mac[FS_HASH_SIZE];
  FS_FLOW_BEGIN(FS_FLOW_BOOT);
  FS_TRY(measure(mac));
  FS_TRY(decide(mac));
  /* Defence boot-second-decision */
  FS_TRY(decide(mac));
  FS_FLOW_INSIST(FS_FLOW_BOOT_DONE);
  return FS_OK;
}

static void boot_application(void) {
  fs_status_leave();
  if (check_application() == FS_OK) {
    fs_identity_forget();
    fs_port_boot_application(fs_now.entry); /* which finds it with the flow word only */
  }
  fs_flow = FS_FLOW_IDLE;
}

/* The journal stands, and is the newest that this chip had. */
static fs_result load_journal(void) {
  FS_TRY(fs_journal_load());
  /* Defence boot-floor-looked-at */
  FS_DECIDE(fs_floor_check());
  /* Defence boot-floor-looked-at: and once more. */
  FS_DECIDE(fs_floor_check());
  return FS_OK;
}

fs_answer fs_boot_prepare(void) {
  fs_answer stay, asked;
  fs_session_end();
  fs_flow = FS_FLOW_IDLE;
  if (fs_identity_load() != FS_YES) return FS_NO;
  fs_identity_heal();
  if (load_journal() != FS_OK) {
    fs_journal_lose(); /* nothing boots, and only a recovery statement is accepted */
    return FS_NO;
  }
  fs_personalize_protect();
  /* Defence boot-abandons-a-cut-install */
  if (fs_now.life_cycle == FS_LIFE_INSTALLING && fs_now.interruption != FS_INTERRUPTION_RESUME)
    (void)fs_install_abandon(); /* if flash fails: the same again at the next reset, and no boot */
  if (fs_trial_settle() != FS_OK) return FS_NO; /* the same again at the next reset */
  fs_port_trial_clear();
  asked = fs_port_entry_requested(); /* asking takes the request out */
  if (fs_update_settle(&stay) != FS_OK) return FS_NO; /* the same again at the next reset */
  fs_floor_raise();
  if (asked == FS_YES || stay == FS_YES) return FS_NO;
  fs_staged_settle();
  return FS_YES;
}

void fs_boot_start(void) {
  if (fs_trial_start() != FS_OK) return;
  boot_application();
  /* An application on trial that does not even start is given up at once. */
  if (fs_now.life_cycle == FS_LIFE_TRYING && fs_trial_revert() == FS_OK) boot_application();
}

void fs_boot(void) {
  if (fs_boot_prepare() == FS_YES) fs_boot_start();
}

/*
 * Two applications side by side: the one that stands, and one on trial, which the chip gives up
 * unless it confirms itself. spec/agent.md section 6. Both are in the journal's one state, so
 * that every change is one record.
 */
#ifndef FS_TRIAL_H
#define FS_TRIAL_H

#include "fs_manifest.h"

/* Whether the package may be taken as things stand: FS_ERR_TRIAL_UNDECIDED; policy trial beside an
 * application also FS_ERR_TRIAL_NO_ROOM. */
fs_result fs_trial_check(const fs_manifest *manifest);

/* FS_YES when an install of the manifest leaves the application that stands as it is. */
fs_answer fs_trial_beside(const fs_manifest *manifest);

/* For what follows from fs_trial_beside: it is so, and there is room.
 * FS_ERR_INTERNAL_CHECK_FAILED, FS_ERR_TRIAL_NO_ROOM. */
fs_result fs_trial_check_beside(const fs_manifest *manifest);

/* Makes fs_now tell of the present application as the other, and leaves the place of the present one for the
 * manifest's, which the caller fills in; he commits. FS_ERR_INTERNAL_CHECK_FAILED: it does not. */
fs_result fs_trial_take_over(const fs_manifest *manifest);

/* After a reset, before any boot: decides over an application that was on trial. FS_ERR_JOURNAL_FAILED. */
fs_result fs_trial_settle(void);

/* The application that waits for its trial gets its one boot, with the watchdog running.
 * FS_ERR_JOURNAL_FAILED, or FS_ERR_INTERNAL_CHECK_FAILED when one had it already. */
fs_result fs_trial_start(void);

/* The other application is the present one again. FS_ERR_JOURNAL_FAILED. */
fs_result fs_trial_revert(void);

/* Nothing stands beside the present application. */
void fs_trial_forget(void);

#endif

/* A new journal, made by a statement of the root or of a recoverer: spec/recovery.md. */
#ifndef FS_RECOVERY_H
#define FS_RECOVERY_H

#include "fs_bytes.h"

/* Checks the bundle of section 2 in the order of section 3, twice, then writes the new journal.
 * FS_ERR_RECOVERY_..., FS_ERR_ROOT_..., FS_ERR_EPOCH_..., FS_ERR_DELEGATION_..., FS_ERR_JOURNAL_FAILED,
 * FS_ERR_INTERNAL_CHECK_FAILED. */
fs_result fs_recovery_accept(fs_view bundle);

/* FS_YES while the chip waits for a recovery statement and takes no other work. */
fs_answer fs_recovery_needed(void);

#endif

/*
 * A package that brings an agent (spec/agent.md section 9): its image goes into the second slot, while the
 * application stands as it is. The head of the image is written last. Until then the anchor puts back what
 * was there, and the install is forgotten; from then on it starts the new agent at the next reset.
 */
#ifndef FS_UPDATE_H
#define FS_UPDATE_H

#include "fs_manifest.h"

/* Step 8 of spec/package.md section 6, for a package that brings an agent: FS_ERR_AGENT_COUNTER_ROLLED_BACK,
 * FS_ERR_AGENT_INSTALL_PENDING. */
fs_result fs_update_check(const fs_manifest *manifest);

/* Erases the second slot. FS_ERR_FLASH_ERASE_FAILED. */
fs_result fs_update_begin(void);

/*
 * After the last record, its digest checked: the check of the anchor, then the head, in between the journal.
 * `mac`: of the whole image. FS_ERR_AGENT_IMAGE_..., FS_ERR_DELEGATION_..., FS_ERR_AGENT_IMAGE_OTHER;
 * FS_ERR_FLASH_..., FS_ERR_JOURNAL_FAILED. The flow word goes from FS_FLOW_RECORD_DONE to the same.
 */
fs_result fs_update_finish(const uint8_t mac[FS_HASH_SIZE]);

/* After a reset, before any boot. *stay: FS_YES when this is the first start of a new agent, which waits on
 * its link for whoever brought it. FS_ERR_JOURNAL_FAILED. */
fs_result fs_update_settle(fs_answer *stay);

/* FS_YES when the next reset starts another agent. */
fs_answer fs_update_is_due(void);

/* The agent that was installed last, as an area that fs_digest can measure. */
fs_area fs_update_area(void);

#endif

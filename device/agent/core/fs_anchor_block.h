/* The data block of the anchor, as personalization wrote it (spec/anchor.md section 2). */
#ifndef FS_ANCHOR_BLOCK_H
#define FS_ANCHOR_BLOCK_H

#include "fs_agent_image.h"

/*
 * Reads and checks the anchor's data block. FS_ERR_ANCHOR_DATA_MISSING when the block is missing or damaged:
 * the data are zeros then, and no image passes the check.
 */
fs_result fs_anchor_block_read(fs_anchor_data *data);

#endif

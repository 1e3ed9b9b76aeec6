/* The data block of the anchor, as personalization wrote it (spec/anchor.md section 2). */
#ifndef FS_ANCHOR_BLOCK_H
#define FS_ANCHOR_BLOCK_H

#include "fs_agent_image.h"

/*
 * Reads the block. FS_ERR_ANCHOR_DATA_MISSING where there is none that holds; the data are then zeros, and
 * no image passes by them.
 */
fs_result fs_anchor_block_read(fs_anchor_data *data);

#endif

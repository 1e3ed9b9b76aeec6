/* The order of an install, spec/agent.md section 1, from the license to the valid record. */
#ifndef FS_INSTALL_H
#define FS_INSTALL_H

#include "fs_bytes.h"

/* Takes a license bundle. *apply_options: FS_YES when option bytes were programmed and the chip has to reset
 * before the same license is sent again. The buffer is overwritten and wiped. */
fs_result fs_install_license(fs_buffer bundle, fs_answer *apply_options);

/* Takes a record. *awaited: the index awaited afterwards, on faults too. The buffer
 * is overwritten and wiped. */
fs_result fs_install_record(uint32_t index, fs_buffer record, uint32_t *awaited);

/* Ends an install that is under way: erases every unit of its areas, then the life cycle is erased. */
fs_result fs_install_abandon(void);

#endif

/* The two slots of the agent: comparing, erasing, copying. A slot's erase unit may
 * hold a copy of the identity. */
#ifndef FS_SLOT_H
#define FS_SLOT_H

#include "fs_bytes.h"

/* FS_YES when both slots begin with the same bytes. */
fs_answer fs_slot_same(uint32_t length);

/* FS_YES when an identity, or a part of one, begins there. */
fs_answer fs_slot_begins_identity(uint32_t address);

/* Erases what of the slot is not blank; a copy of the identity in its erase units
 * is kept. FS_ERR_FLASH_... */
fs_result fs_slot_erase(uint32_t slot);

/* Erases `to` and copies the image of `length` bytes, header and code; the head
 * comes last. FS_ERR_FLASH_... */
fs_result fs_slot_copy(uint32_t from, uint32_t to, uint32_t length);

#endif

/* Option bytes: what is in force, what a policy may ask for, what is applied. spec/agent.md section 4,
 * spec/package.md section 6, steps 9 and 10. */
#ifndef FS_POLICY_H
#define FS_POLICY_H

#include "fs_cbor.h"

#define FS_REQUIREMENT_MAX 16u

typedef struct {
  uint32_t register_id;
  uint32_t mask;
  uint32_t value;
} fs_requirement;

/* Reads [[register, mask, value], ...]: ascending registers, mask not 0, value within mask. */
fs_result fs_policy_read(fs_cbor *cursor, fs_requirement *requirements, uint32_t *count);

/* Readout protection levels, 0, 1 or 2. */
typedef struct {
  uint32_t read;       /* as the option bytes in force say */
  uint32_t effective;  /* what it is good for: spec/agent.md section 4 */
  fs_answer level_key; /* not FS_NO: somebody may hold a key that takes the level back */
} fs_readout_levels;

/* FS_ERR_OPTION_BYTES_FAILED. */
fs_result fs_policy_readout_levels(fs_readout_levels *levels);

/* Every register and bit is one that a policy may set: FS_ERR_POLICY_FIELD_UNKNOWN. */
fs_result fs_policy_check_fields(const fs_requirement *requirements, uint32_t count);

/* Personalization may set any option byte of the chip: FS_ERR_POLICY_FIELD_UNKNOWN for anything else. */
fs_result fs_policy_check_final(const fs_requirement *requirements, uint32_t count);

/* Against the option bytes in force: FS_ERR_POLICY_NOT_STRONGER, FS_ERR_POLICY_LOCKED. */
fs_result fs_policy_check_strength(const fs_requirement *requirements, uint32_t count);

/* FS_YES when a requirement differs from the option bytes in force. */
fs_answer fs_policy_differs(const fs_requirement *requirements, uint32_t count);

/* Programs what differs, the readout level last; a reset has to follow. FS_ERR_OPTION_BYTES_FAILED. */
fs_result fs_policy_program(const fs_requirement *requirements, uint32_t count);

/* Writes the array of [register, value] of hellos and receipts, as read now. */
void fs_policy_write_registers(fs_writer *writer);

#endif

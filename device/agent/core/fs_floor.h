/*
 * Floors in one-time programmable memory: what the journal may not be below (spec/recovery.md section 5).
 * An entry is authenticated with the device key and never changes; the highest of a kind counts. Chips
 * without such memory have no floors. Nothing is refused because there is no room left.
 */
#ifndef FS_FLOOR_H
#define FS_FLOOR_H

#include "fs_floor_cell.h"

typedef struct {
  uint32_t security_counter;
  uint32_t agent_counter;
  uint32_t epoch;
  uint32_t recoveries;
  fs_answer has_root;               /* FS_YES: root is that of the highest epoch in an entry with a root */
  uint32_t root_epoch;
  uint8_t root[FS_FLOOR_ROOT_SIZE]; /* begin of the SHA-256 of the 65 bytes of the key */
  uint32_t used;                    /* cells up to the last that is not blank */
} fs_floors;

/* Reads every entry from flash. The caller has loaded the identity, whose key authenticates them. */
void fs_floor_read(fs_floors *floors);

/* FS_ERR_JOURNAL_FAILED when fs_now is of a journal that this chip has left behind. */
fs_result fs_floor_check(void);

/* Writes what of fs_now is above the floors. To be called for what flash holds:
 * never ahead of the journal. */
void fs_floor_raise(void);

/* How many entries the chip has room for, and how many of them are left. */
uint32_t fs_floor_room(void);
uint32_t fs_floor_left(void);

/* The form in which an entry names a root. `point` is without its first byte. */
void fs_floor_name_root(const uint8_t point[FS_POINT_SIZE - 1u], uint8_t name[FS_FLOOR_ROOT_SIZE]);

#endif

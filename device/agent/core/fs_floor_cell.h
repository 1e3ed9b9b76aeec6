/*
 * An entry of the floors in one-time memory, as it lies there: spec/recovery.md section 5. Agent and anchor
 * read them.
 */
#ifndef FS_FLOOR_CELL_H
#define FS_FLOOR_CELL_H

#include "fs_chip.h"
#include "fs_hmac.h"

#define FS_FLOOR_CELL_SIZE 16u
#define FS_FLOOR_CELL_COUNT (FS_OTP_LENGTH / FS_FLOOR_CELL_SIZE)
#define FS_FLOOR_MAC_SIZE 8u
#define FS_FLOOR_ROOT_SIZE 16u
/* "FO", the kind, version 1. */
#define FS_FLOOR_HEAD(kind) (0x01004f46u | (uint32_t)(kind) << 16)

enum {
  FS_FLOOR_COUNTER = 1,
  FS_FLOOR_AGENT_COUNTER = 2,
  FS_FLOOR_EPOCH = 3,
  FS_FLOOR_ROOT = 4,
  FS_FLOOR_RECOVERIES = 5
};

/* Where an identity stands in flash, its device key: fs_identity.c. */
#define FS_IDENTITY_IMAGE_SIZE 1696u
#define FS_IDENTITY_DEVICE_KEY_AT 80u

typedef struct {
  uint32_t head;
  uint32_t value;
  uint8_t mac[FS_FLOOR_MAC_SIZE];
} fs_floor_cell;

/* Address of the cell of that number. */
uint32_t fs_floor_cell_address(uint32_t index);

/* `keyed`: begun with the device key, and wiped here. `root`: null, or what the second cell holds. */
void fs_floor_cell_mac(const fs_floor_cell *cell, fs_hmac *keyed, const uint8_t *root, uint8_t mac[FS_FLOOR_MAC_SIZE]);

/* Whoever can write the memory can write any cell: FS_YES for one that the device key made. */
fs_answer fs_floor_cell_is_own(const fs_floor_cell *cell, fs_hmac *keyed, const uint8_t *root);

#endif

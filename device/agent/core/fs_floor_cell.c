/* See fs_floor_cell.h. */
#include "fs_floor_cell.h"

FS_STATIC_ASSERT(sizeof(fs_floor_cell) == FS_FLOOR_CELL_SIZE && offsetof(fs_floor_cell, head) == 0);
FS_STATIC_ASSERT(offsetof(fs_floor_cell, value) == 4 && offsetof(fs_floor_cell, mac) == 8);
FS_STATIC_ASSERT(FS_FLOOR_CELL_SIZE % FS_WRITE_UNIT_BYTES == 0 || FS_OTP_LENGTH == 0);

uint32_t fs_floor_cell_address(uint32_t index) { return FS_OTP_START + index * FS_FLOOR_CELL_SIZE; }

void fs_floor_cell_mac(const fs_floor_cell *cell, fs_hmac *keyed, const uint8_t *root, uint8_t mac[FS_FLOOR_MAC_SIZE]) {
  static const fs_view label = FS_TEXT("firmseal/1 floor");
  uint8_t full[FS_HASH_SIZE];
  fs_hmac_update(keyed, label.data, label.length);
  fs_hmac_update(keyed, (const uint8_t *)cell, (uint32_t)offsetof(fs_floor_cell, mac));
  if (root) fs_hmac_update(keyed, root, FS_FLOOR_ROOT_SIZE);
  fs_hmac_final(keyed, full);
  memcpy(mac, full, FS_FLOOR_MAC_SIZE);
}

fs_answer fs_floor_cell_is_own(const fs_floor_cell *cell, fs_hmac *keyed, const uint8_t *root) {
  uint8_t mac[FS_FLOOR_MAC_SIZE];
  fs_floor_cell_mac(cell, keyed, root, mac);
  return fs_equal(mac, cell->mac, FS_FLOOR_MAC_SIZE);
}

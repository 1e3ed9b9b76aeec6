/*
 * See fs_anchor_block.h. Little-endian:
 *   0  magic "FSAD"      4  version 1 (2 bytes)   6  length: 256 (2)   8  epoch
 *  12  counter of the measured agent              16  16 zeros        32  SHA-256 of its code
 *  64  root public key, or zeros                129  product: length, or 0        130  product, 32
 * 162  zeros           252  CRC-32 of all before it
 */
#include "fs_anchor_block.h"

#include "fs_chip.h"
#include "fs_flash.h"

#define BLOCK_LENGTH 256u
#define CRC_AT (BLOCK_LENGTH - 4u)
#define MAGIC 0x44415346u /* "FSAD" */
#define VERSION_AND_LENGTH 0x01000001u

static fs_result read_block(fs_anchor_data *data) {
  uint8_t block[BLOCK_LENGTH];
  FS_TRY(fs_flash_read(FS_ANCHOR_DATA_START, block, sizeof block));
  FS_DEMAND(fs_get_u32le(block) == MAGIC && fs_get_u32le(block + 4) == VERSION_AND_LENGTH,
            FS_ERR_ANCHOR_DATA_MISSING);
  FS_DEMAND(fs_crc32(block, CRC_AT) == fs_get_u32le(block + CRC_AT), FS_ERR_ANCHOR_DATA_MISSING);
  FS_REQUIRE(block[129] <= sizeof data->product, FS_ERR_ANCHOR_DATA_MISSING);
  data->epoch = fs_get_u32le(block + 8);
  data->measured_counter = fs_get_u32le(block + 12);
  memcpy(data->measured, block + 32, sizeof data->measured);
  memcpy(data->root, block + 64, sizeof data->root);
  data->product_length = block[129];
  memcpy(data->product, block + 130, sizeof data->product);
  return FS_OK;
}

fs_result fs_anchor_block_read(fs_anchor_data *data) {
  fs_wipe(data, sizeof *data);
  if (read_block(data) == FS_OK) return FS_OK;
  fs_wipe(data, sizeof *data);
  return FS_ERR_ANCHOR_DATA_MISSING;
}

/*
 * See fs_anchor_block.h. Little-endian:
 *   0  magic "FSAD"      4  version (2 bytes)     6  length: 256 (2)   8  epoch
 *  12  counter of the measured agent              16  16 zeros        32  SHA-256 of its code
 *  64  root public key, or zeros                129  product: length, or 0        130  product, 32
 * version 1: 162  zeros
 * version 2: 162  public key of the agent signer, 65          227  zero         228  his cap       232  zeros
 * 252  CRC-32 of all before it
 */
#include "fs_anchor_block.h"

#include "fs_chip.h"
#include "fs_flash.h"

#define BLOCK_LENGTH 256u
#define CRC_AT (BLOCK_LENGTH - 4u)
#define MAGIC 0x44415346u /* "FSAD" */
#define LENGTH_AND_VERSION(version) (BLOCK_LENGTH << 16 | (version))
#define SIGNER_AT 162u
#define SIGNER_CAP_AT 228u

static fs_result read_block(fs_anchor_data *data) {
  uint8_t block[BLOCK_LENGTH];
  uint32_t version;
  FS_TRY(fs_flash_read(FS_ANCHOR_DATA_START, block, sizeof block));
  version = fs_get_u32le(block + 4);
  FS_DEMAND(fs_get_u32le(block) == MAGIC && (version == LENGTH_AND_VERSION(1u) || version == LENGTH_AND_VERSION(2u)),
            FS_ERR_ANCHOR_DATA_MISSING);
  FS_DEMAND(fs_crc32(block, CRC_AT) == fs_get_u32le(block + CRC_AT), FS_ERR_ANCHOR_DATA_MISSING);
  FS_REQUIRE(block[129] <= sizeof data->product, FS_ERR_ANCHOR_DATA_MISSING);
  data->epoch = fs_get_u32le(block + 8);
  data->measured_counter = fs_get_u32le(block + 12);
  memcpy(data->measured, block + 32, sizeof data->measured);
  memcpy(data->root, block + 64, sizeof data->root);
  data->product_length = block[129];
  memcpy(data->product, block + 130, sizeof data->product);
  /* Version 1 has zeros there. They are copied too: memory that was not overwritten may be an attacker's. */
  memcpy(data->signer, block + SIGNER_AT, sizeof data->signer);
  data->signer_cap = fs_get_u32le(block + SIGNER_CAP_AT);
  return FS_OK;
}

fs_result fs_anchor_block_read(fs_anchor_data *data) {
  fs_wipe(data, sizeof *data);
  if (read_block(data) == FS_OK) return FS_OK;
  fs_wipe(data, sizeof *data);
  return FS_ERR_ANCHOR_DATA_MISSING;
}

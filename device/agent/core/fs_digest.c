/* See fs_digest.h. */
#include "fs_digest.h"

#include "fs_hmac.h"
#include "fs_identity.h"
#include "fs_link.h"
#include "fs_session.h"

#define PIECE 256u

/* Feeds the area to one or two running HMACs. */
static fs_result feed(const fs_area *area, fs_hmac *first, fs_hmac *second) {
  uint8_t piece[PIECE];
  uint32_t done = 0;
  fs_result result = FS_OK;
  while (done < area->length && result == FS_OK) {
    uint32_t count = area->length - done < PIECE ? area->length - done : PIECE;
    /* The slowest chip of the catalogue hashes 64 KiB in a quarter of a second, twice. */
    if (done % 0x10000u == 0) fs_link_pending(500);
    if (fs_flash_read(area->address + done, piece, count) != FS_OK) result = FS_ERR_FLASH_VERIFY_FAILED;
    fs_hmac_update(first, piece, count);
    if (second) fs_hmac_update(second, piece, count);
    done += count;
  }
  fs_wipe(piece, sizeof piece);
  return result;
}

fs_result fs_digest_firmware(const fs_area *areas, uint32_t count, uint8_t mac[FS_HASH_SIZE]) {
  fs_hmac all;
  fs_result result = FS_OK;
  uint32_t i;
  fs_hmac_init(&all, fs_identity_device_key(), FS_KEY_SIZE);
  for (i = 0; i < count; i++)
    if (areas[i].kind == FS_AREA_FIRMWARE && feed(&areas[i], &all, 0) != FS_OK) result = FS_ERR_FLASH_VERIFY_FAILED;
  fs_hmac_final(&all, mac);
  return result;
}

fs_result fs_digest_check_areas(uint8_t mac[FS_HASH_SIZE]) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint8_t digest_key[FS_KEY_SIZE];
  uint8_t digest[FS_HASH_SIZE];
  fs_hmac all, one;
  uint32_t right = 0;
  uint32_t due = 0;
  uint32_t i;
  fs_hmac_init(&all, fs_identity_device_key(), FS_KEY_SIZE);
  for (i = 0; i < manifest->area_count; i++) {
    const fs_area *area = &manifest->areas[i];
    fs_result fed;
    if (area->kind != FS_AREA_FIRMWARE) continue;
    due++;
    fs_session_derive("firmseal/1 digest", FS_YES, i, digest_key);
    fs_hmac_init(&one, digest_key, sizeof digest_key);
    fed = feed(area, &one, &all);
    fs_hmac_final(&one, digest);
    if (fed == FS_OK && fs_equal(digest, area->digest, sizeof digest) == FS_YES) right++;
  }
  fs_hmac_final(&all, mac);
  fs_wipe(digest_key, sizeof digest_key);
  FS_DEMAND(i == manifest->area_count && right == due && due > 0, FS_ERR_AREA_DIGEST_WRONG);
  return FS_OK;
}

/* See fs_digest.h. */
#include "fs_digest.h"

#include "fs_hmac.h"
#include "fs_identity.h"
#include "fs_link.h"
#include "fs_session.h"

#define PIECE 256u

/* Hashes the area's bytes in flash. */
static fs_result hash_area(const fs_area *area, uint8_t hash[FS_HASH_SIZE]) {
  uint8_t piece[PIECE];
  fs_sha256 context;
  uint32_t done = 0;
  fs_result result = FS_OK;
  fs_crypto_sha256_init(&context);
  while (done < area->length && result == FS_OK) {
    uint32_t count = area->length - done < PIECE ? area->length - done : PIECE;
    /* The slowest chip of the catalogue hashes 64 KiB in a quarter of a second. */
    if (done % 0x10000u == 0) fs_link_pending(250);
    if (fs_flash_read(area->address + done, piece, count) != FS_OK) result = FS_ERR_FLASH_VERIFY_FAILED;
    fs_crypto_sha256_update(&context, piece, count);
    done += count;
  }
  fs_crypto_sha256_final(&context, hash);
  fs_wipe(piece, sizeof piece);
  return result;
}

fs_result fs_digest_firmware(const fs_area *areas, uint32_t count, uint8_t mac[FS_HASH_SIZE]) {
  uint8_t hash[FS_HASH_SIZE];
  fs_hmac all;
  fs_result result = FS_OK;
  uint32_t i;
  fs_hmac_init(&all, fs_identity_device_key(), FS_KEY_SIZE);
  for (i = 0; i < count; i++) {
    if (areas[i].kind != FS_AREA_FIRMWARE) continue;
    if (hash_area(&areas[i], hash) != FS_OK) result = FS_ERR_FLASH_VERIFY_FAILED;
    fs_hmac_update(&all, hash, sizeof hash);
  }
  fs_hmac_final(&all, mac);
  return result;
}

fs_result fs_digest_check_areas(uint8_t mac[FS_HASH_SIZE]) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint8_t digest_key[FS_KEY_SIZE];
  uint8_t hash[FS_HASH_SIZE];
  fs_hmac all, one;
  uint32_t right = 0;
  uint32_t due = 0;
  uint32_t i;
  fs_hmac_init(&all, fs_identity_device_key(), FS_KEY_SIZE);
  for (i = 0; i < manifest->area_count; i++) {
    const fs_area *area = &manifest->areas[i];
    fs_result hashed;
    if (area->kind != FS_AREA_FIRMWARE) continue;
    due++;
    hashed = hash_area(area, hash);
    fs_hmac_update(&all, hash, sizeof hash);
    fs_session_derive("firmseal/1 digest", FS_YES, i, digest_key);
    fs_hmac_init(&one, digest_key, sizeof digest_key);
    fs_hmac_update(&one, hash, sizeof hash);
    fs_hmac_final(&one, hash);
    if (hashed == FS_OK && fs_equal(hash, area->digest, sizeof hash) == FS_YES) right++;
  }
  fs_hmac_final(&all, mac);
  fs_wipe(digest_key, sizeof digest_key);
  FS_DEMAND(i == manifest->area_count && right == due && due > 0, FS_ERR_AREA_DIGEST_WRONG);
  return FS_OK;
}

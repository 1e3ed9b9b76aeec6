/* See fs_digest.h. */
#include "fs_digest.h"

#include "fs_flow.h"
#include "fs_hmac.h"
#include "fs_identity.h"
#include "fs_pending.h"
#include "fs_session.h"

#define PIECE 256u

/* Hashes the area's bytes in flash; `head`: what its first bytes will be, or 0. */
static fs_result hash_area(const fs_area *area, const uint8_t *head, uint8_t hash[FS_HASH_SIZE]) {
  uint8_t piece[PIECE];
  fs_sha256 context;
  uint32_t done = 0;
  fs_result result = FS_OK;
  fs_crypto_sha256_init(&context);
  while (done < area->length && result == FS_OK) {
    uint32_t count = area->length - done < PIECE ? area->length - done : PIECE;
    /* The slowest chip of the catalogue hashes 64 KiB in a quarter of a second. */
    if (done % 0x10000u == 0) fs_pending_tell(250);
    if (fs_flash_read(area->address + done, piece, count) != FS_OK) result = FS_ERR_FLASH_VERIFY_FAILED;
    if (head && done == 0) memcpy(piece, head, FS_AGENT_HEAD_BYTES);
    fs_crypto_sha256_update(&context, piece, count);
    done += count;
  }
  fs_crypto_sha256_final(&context, hash);
  fs_wipe(piece, sizeof piece);
  return result;
}

/* What the owner or the authority made: all but keys that the chip generated. */
static fs_answer is_measured(const fs_area *area) { return area->kind == FS_AREA_GENERATED ? FS_NO : FS_YES; }

/* The hashes of the areas that are measured, each at its area's place. */
static fs_result hash_areas(const fs_area *areas, uint32_t count, const uint8_t *head,
                            uint8_t hashes[FS_AREA_MAX][FS_HASH_SIZE]) {
  uint32_t i;
  for (i = 0; i < count && i < FS_AREA_MAX; i++)
    if (is_measured(&areas[i]) == FS_YES) FS_TRY(hash_area(&areas[i], head, hashes[i]));
  FS_REQUIRE(i == count, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

static void mac_of(const fs_area *areas, uint32_t count, const uint8_t hashes[FS_AREA_MAX][FS_HASH_SIZE],
                   uint8_t mac[FS_HASH_SIZE]) {
  fs_hmac all;
  uint32_t i;
  fs_identity_hmac_init(&all);
  for (i = 0; i < count; i++)
    if (is_measured(&areas[i]) == FS_YES) fs_hmac_update(&all, hashes[i], FS_HASH_SIZE);
  fs_hmac_final(&all, mac);
}

fs_result fs_digest_measure(const fs_area *areas, uint32_t count, uint8_t mac[FS_HASH_SIZE]) {
  uint8_t hashes[FS_AREA_MAX][FS_HASH_SIZE];
  FS_TRY(hash_areas(areas, count, 0, hashes));
  mac_of(areas, count, (const uint8_t(*)[FS_HASH_SIZE])hashes, mac);
  return FS_OK;
}

/* One pass: the keyed digest of every area's hash is the manifest's, or the license's. */
static fs_result compare(const uint8_t hashes[FS_AREA_MAX][FS_HASH_SIZE]) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint8_t digest[FS_HASH_SIZE];
  uint32_t right = 0;
  uint32_t i;
  for (i = 0; i < manifest->area_count; i++) {
    const fs_area *area = &manifest->areas[i];
    if (is_measured(area) != FS_YES) continue;
    fs_session_digest_of_hash(i, hashes[i], digest);
    FS_DEMAND(fs_equal(digest, area->digest, sizeof digest) == FS_YES, FS_ERR_AREA_DIGEST_WRONG);
    right++;
  }
  FS_DEMAND(i == manifest->area_count && right > 0, FS_ERR_AREA_DIGEST_WRONG);
  FS_FLOW_STEP(FS_STEP_DIGEST);
  return FS_OK;
}

fs_result fs_digest_check_areas(uint8_t mac[FS_HASH_SIZE]) {
  const fs_manifest *manifest = &fs_session.manifest;
  uint8_t hashes[FS_AREA_MAX][FS_HASH_SIZE];
  /* An agent comes alone, and its head is not in flash yet. */
  const uint8_t *head = fs_manifest_is_agent(manifest) == FS_YES ? fs_session.head : 0;
  FS_TRY_AS(hash_areas(manifest->areas, manifest->area_count, head, hashes), FS_ERR_AREA_DIGEST_WRONG);
  FS_TRY(compare((const uint8_t(*)[FS_HASH_SIZE])hashes));
  /* Defence digest-second-look */
  FS_TRY(compare((const uint8_t(*)[FS_HASH_SIZE])hashes));
  mac_of(manifest->areas, manifest->area_count, (const uint8_t(*)[FS_HASH_SIZE])hashes, mac);
  return FS_OK;
}

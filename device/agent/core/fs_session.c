/* See fs_session.h. */
#include "fs_session.h"

#include "fs_hash.h"
#include "fs_hmac.h"

fs_session_state fs_session;

void fs_session_end(void) {
  fs_wipe(&fs_session, sizeof fs_session);
  fs_session.phase = FS_PHASE_IDLE;
}

void fs_session_back_to_package(void) {
  fs_wipe(fs_session.content_prk, sizeof fs_session.content_prk);
  fs_wipe(fs_session.area_key, sizeof fs_session.area_key);
  fs_wipe(&fs_session.license, sizeof fs_session.license);
  fs_session.phase = FS_PHASE_PACKAGE;
}

static void __attribute__((noinline)) hash_manifest(uint8_t hash[FS_HASH_SIZE]) {
  fs_hash_of(&fs_session.manifest, sizeof fs_session.manifest, hash);
}

void fs_session_note_manifest(void) { hash_manifest(fs_session.accepted); }

fs_result fs_session_check_manifest(void) {
  uint8_t hash[FS_HASH_SIZE];
  hash_manifest(hash);
  /* Defence session-manifest-hash */
  FS_DEMAND(fs_equal(hash, fs_session.accepted, FS_HASH_SIZE) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

void fs_session_derive(const char *label, fs_answer has_area, uint32_t area, uint8_t out[FS_KEY_SIZE]) {
  uint8_t ordinal[4];
  fs_view parts[3];
  parts[0].data = (const uint8_t *)label;
  parts[0].length = 0;
  while (label[parts[0].length]) parts[0].length++;
  parts[1].data = fs_session.manifest.core_digest;
  parts[1].length = FS_HASH_SIZE;
  fs_put_u32be(ordinal, area);
  parts[2].data = ordinal;
  parts[2].length = sizeof ordinal;
  fs_hkdf_expand(fs_session.content_prk, parts, has_area == FS_YES ? 3 : 2, out, FS_KEY_SIZE);
}

void fs_session_digest_of_hash(uint32_t ordinal, const uint8_t hash[FS_HASH_SIZE], uint8_t digest[FS_HASH_SIZE]) {
  uint8_t key[FS_KEY_SIZE];
  fs_hmac context;
  fs_session_derive("firmseal/1 digest", FS_YES, ordinal, key);
  fs_hmac_init(&context, key, sizeof key);
  fs_hmac_update(&context, hash, FS_HASH_SIZE);
  fs_hmac_final(&context, digest);
  fs_wipe(key, sizeof key);
}

void fs_session_digest(uint32_t ordinal, fs_view bytes, uint8_t digest[FS_HASH_SIZE]) {
  uint8_t hash[FS_HASH_SIZE];
  fs_hash_of(bytes.data, bytes.length, hash);
  fs_session_digest_of_hash(ordinal, hash, digest);
}

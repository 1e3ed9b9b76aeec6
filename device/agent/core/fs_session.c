/* See fs_session.h. */
#include "fs_session.h"

#include "fs_hmac.h"

fs_session_state fs_session;

void fs_session_end(void) {
  fs_wipe(&fs_session, sizeof fs_session);
  fs_session.phase = FS_PHASE_IDLE;
}

void fs_session_back_to_package(void) {
  fs_wipe(fs_session.content_prk, sizeof fs_session.content_prk);
  fs_wipe(fs_session.area_key, sizeof fs_session.area_key);
  fs_session.phase = FS_PHASE_PACKAGE;
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

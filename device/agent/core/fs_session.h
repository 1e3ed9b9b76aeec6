/* One install while it goes on: what RAM holds between the messages. Wiped when it ends; a reset loses it. */
#ifndef FS_SESSION_H
#define FS_SESSION_H

#include "fs_agent_image.h"
#include "fs_journal.h"
#include "fs_manifest.h"

/* Phases are words that do not turn into each other by a few bits. */
#define FS_PHASE_IDLE 0x2dd2b44bu
#define FS_PHASE_PACKAGE 0x4bb4d22du /* a package header was accepted */
#define FS_PHASE_RECORDS 0xb44b2dd2u /* a license was accepted; records are awaited */
#define FS_PHASE_DONE 0xd22d4bb4u    /* the valid record was written */

typedef struct {
  uint32_t phase;
  fs_trust trust; /* in force with what the package and the license proved */
  fs_manifest manifest;
  uint8_t accepted[FS_HASH_SIZE]; /* hash of the manifest above when it was accepted */
  fs_license_names license; /* accepted last; a copy that is one turn too long ends in what is written later */
  uint8_t expected[FS_HASH_SIZE]; /* hash of the record awaited */
  /* HKDF-Extract of the content key: all keys of the package follow from it. Behind the names: a calculation
   * with a spoilt pointer, which begins here, does not reach them. */
  uint8_t content_prk[FS_HASH_SIZE];
  uint8_t area_key[FS_KEY_SIZE];
  uint32_t next_index;
  uint32_t area;   /* ordinal of the area that the record awaited belongs to */
  uint32_t offset; /* of its chunk in the area */
  uint32_t erased; /* first address that is not erased yet for records */
  uint32_t fresh;  /* not 0: this chip's first install, what reads as erased is */
  uint8_t head[FS_AGENT_HEAD_BYTES]; /* of an agent's image: written last */
} fs_session_state;

extern fs_session_state fs_session;

/* Forgets everything, keys by overwriting. */
void fs_session_end(void);
/* Forgets license and keys and keeps the accepted package: a license can come again. */
void fs_session_back_to_package(void);

/* Notes the manifest as accepted, and says whether it still is that one. A license fills in the digests of
 * its per-device data. FS_ERR_INTERNAL_CHECK_FAILED. */
void fs_session_note_manifest(void);
fs_result fs_session_check_manifest(void);

/* Keyed digest of the area of that ordinal, from its bytes or from their SHA-256. */
void fs_session_digest(uint32_t ordinal, fs_view bytes, uint8_t digest[FS_HASH_SIZE]);
void fs_session_digest_of_hash(uint32_t ordinal, const uint8_t hash[FS_HASH_SIZE], uint8_t digest[FS_HASH_SIZE]);

/* HKDF-Expand with a label of spec/package.md section 4, the core digest, and
 * (has_area) the area's ordinal. */
void fs_session_derive(const char *label, fs_answer has_area, uint32_t area, uint8_t out[FS_KEY_SIZE]);

#endif

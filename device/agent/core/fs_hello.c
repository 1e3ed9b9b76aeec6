/* See fs_hello.h. */
#include "fs_hello.h"

#include "fs_board.h"
#include "fs_chip_facts.h"
#include "fs_device_sign.h"
#include "fs_floor.h"
#include "fs_frame.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_port.h"
#include "fs_random.h"
#include "fs_session.h"
#include "fs_version.h"

static uint8_t nonce[FS_NONCE16_SIZE];
static fs_answer nonce_alive = FS_NO; /* a session license may answer it */

fs_answer fs_nonce_is(const uint8_t *other) {
  if (nonce_alive != FS_YES) return FS_NO;
  return fs_equal(other, nonce, sizeof nonce);
}

void fs_nonce_forget(void) {
  nonce_alive = FS_NO;
  fs_wipe(nonce, sizeof nonce);
}

/* A nonce for this hello. One without a challenge can have been made at any time, so no
 * session license may answer it. */
static fs_result make_nonce(fs_view challenge) {
  fs_nonce_forget();
  /* Defence hello-nonce */
  FS_TRY(fs_random(nonce, sizeof nonce));
  if (challenge.length >= FS_CHALLENGE_LEAST) nonce_alive = FS_YES;
  return FS_OK;
}

fs_answer fs_is_challenge(fs_view challenge) {
  if (challenge.length == 0) return FS_YES;
  return challenge.length >= FS_CHALLENGE_LEAST && challenge.length <= FS_CHALLENGE_MOST ? FS_YES : FS_NO;
}

/* Digest of the manifest in flash or being installed. */
static void write_manifest(fs_writer *writer, fs_answer own) {
  if (own == FS_YES && fs_now.life_cycle == FS_LIFE_INSTALLING)
    fs_write_bytes(writer, fs_now.under_way.manifest_digest, FS_HASH_SIZE);
  else if (own == FS_YES && (fs_life_boots() == FS_YES || fs_now.life_cycle == FS_LIFE_TRIAL))
    fs_write_bytes(writer, fs_now.manifest_digest, FS_HASH_SIZE);
  else
    fs_write_null(writer);
}

/* The map of spec/device.md section 3. */
static fs_result write_payload(fs_writer *writer, fs_view challenge, const fs_hello_speaker *speaker) {
  fs_answer own = fs_identity_present();
  fs_readout_levels level;
  FS_TRY(fs_policy_readout_levels(&level));
  fs_write_map(writer, 16);
  fs_write_uint(writer, 0);
  fs_write_uint(writer, 1);
  fs_write_uint(writer, 1);
  fs_write_bytes(writer, challenge.data, challenge.length);
  fs_write_uint(writer, 2);
  fs_write_bytes(writer, nonce, sizeof nonce);
  fs_write_uint(writer, 3);
  fs_write_bytes(writer, speaker->thumbprint, FS_HASH_SIZE);
  fs_write_uint(writer, 4);
  fs_write_text(writer, FS_CHIP_ID);
  fs_write_uint(writer, 5);
  fs_write_uint(writer, speaker->life_cycle);
  fs_write_uint(writer, 6);
  fs_policy_write_registers(writer);
  fs_write_uint(writer, 7);
  fs_write_uint(writer, level.read);
  fs_write_uint(writer, 8);
  fs_write_uint(writer, own == FS_YES ? fs_now.security_counter : 0);
  fs_write_uint(writer, 9);
  fs_write_uint(writer, speaker->epoch);
  fs_write_uint(writer, 10);
  fs_write_uint(writer, own == FS_YES ? fs_now.install_count : 0);
  fs_write_uint(writer, 11);
  fs_write_uint(writer, FS_AGENT_VERSION);
  fs_write_uint(writer, 12);
  write_manifest(writer, own);
  fs_write_uint(writer, 13);
  fs_write_uint(writer, speaker->origin);
  fs_write_uint(writer, 14);
  fs_write_bool(writer, level.level_key != FS_NO ? FS_YES : FS_NO);
  fs_write_uint(writer, 15);
  fs_write_uint(writer, own == FS_YES ? fs_now.unwraps : 0);
  return FS_OK;
}

fs_result fs_hello_begin(fs_writer *writer, fs_view challenge, const fs_hello_speaker *speaker, fs_hello_place *place) {
  FS_TRY(make_nonce(challenge));
  place->outer = fs_write_bytes_begin(writer);
  place->payload = fs_cose_begin(writer, FS_TYP_HELLO);
  return write_payload(writer, challenge, speaker);
}

fs_result fs_hello_answer(fs_writer *writer, fs_view challenge) {
  fs_hello_speaker speaker;
  fs_hello_place place;
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  FS_REQUIRE(fs_is_challenge(challenge) == FS_YES, FS_ERR_REQUEST_MALFORMED);
  fs_write_array(writer, 2);
  fs_identity_write_certificate(writer);
  speaker.thumbprint = fs_identity_thumbprint();
  speaker.life_cycle = fs_life_number();
  speaker.epoch = fs_now.epoch;
  speaker.origin = fs_identity_origin();
  FS_TRY(fs_hello_begin(writer, challenge, &speaker, &place));
  FS_TRY(fs_device_sign(writer, FS_TYP_HELLO, place.payload));
  fs_write_bytes_end(writer, place.outer);
  return writer->status;
}

void fs_info_write(fs_writer *writer) {
  uint8_t id[FS_UNIQUE_ID_LENGTH];
  fs_readout_levels level = {0};
  fs_board board;
  fs_result board_fault;
  fs_answer floors = fs_floor_room() > 0 && fs_identity_present() == FS_YES ? FS_YES : FS_NO;
  if (fs_policy_readout_levels(&level) != FS_OK) writer->status = FS_ERR_OPTION_BYTES_FAILED;
  fs_port_unique_id(id);
  board_fault = fs_board_read(&board);
  fs_write_map(writer, floors == FS_YES ? 11 : 10);
  fs_write_uint(writer, 0);
  fs_write_uint(writer, 1);
  fs_write_uint(writer, 1);
  fs_write_text(writer, FS_CHIP_ID);
  fs_write_uint(writer, 2);
  fs_write_uint(writer, FS_AGENT_VERSION);
  fs_write_uint(writer, 3);
  fs_write_uint(writer, fs_life_number());
  fs_write_uint(writer, 4);
  fs_write_uint(writer, FS_CONTENT_MAX);
  fs_write_uint(writer, 5);
  fs_write_uint(writer, FS_WINDOW);
  fs_write_uint(writer, 6);
  fs_write_uint(writer, fs_session.phase == FS_PHASE_RECORDS ? fs_session.next_index : 0);
  fs_write_uint(writer, 7);
  fs_write_uint(writer, level.read);
  fs_write_uint(writer, 8);
  fs_write_bytes(writer, id, sizeof id);
  fs_write_uint(writer, 9);
  fs_write_uint(writer, board_fault == FS_OK ? 0 : board_fault);
  if (floors != FS_YES) return;
  fs_write_uint(writer, 11);
  fs_write_uint(writer, fs_floor_left());
}

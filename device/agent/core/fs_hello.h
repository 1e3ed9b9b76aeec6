/* Hello and info, and the nonce that a session license answers: spec/device.md
 * section 3, spec/link.md section 3. */
#ifndef FS_HELLO_H
#define FS_HELLO_H

#include "fs_cose.h"

#define FS_NONCE16_SIZE 16u

/* Who speaks: the device, or the new keys of a personalization under way. */
typedef struct {
  const uint8_t *thumbprint;
  uint32_t life_cycle;
  uint32_t epoch;
  uint32_t origin;
} fs_hello_speaker;

/* Challenges of hellos: none, or of a length that nobody guesses. */
#define FS_CHALLENGE_LEAST 16u
#define FS_CHALLENGE_MOST 32u
fs_answer fs_is_challenge(fs_view challenge);

/* [certificate, hello] of the device. */
fs_result fs_hello_answer(fs_writer *writer, fs_view challenge);
/* Where a hello that is being written begins. */
typedef struct {
  uint32_t outer;
  uint32_t payload;
} fs_hello_place;

/* Begins the signed hello alone, as a byte string, and writes all that it says. Who calls it signs, and ends
 * both. No private key of a device is in RAM meanwhile. */
fs_result fs_hello_begin(fs_writer *writer, fs_view challenge, const fs_hello_speaker *speaker, fs_hello_place *place);

void fs_info_write(fs_writer *writer);

/* FS_YES when these 16 bytes are the nonce of the last hello, and that had a challenge. */
fs_answer fs_nonce_is(const uint8_t *nonce);
/* A session license answers no hello from before. */
void fs_nonce_forget(void);

#endif

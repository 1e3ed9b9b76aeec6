/* Hello and info, and the nonce that a session license answers: spec/device.md
 * section 3, spec/link.md section 3. */
#ifndef FS_HELLO_H
#define FS_HELLO_H

#include "fs_cbor.h"
#include "fs_crypto.h"

#define FS_NONCE16_SIZE 16u

/* Who speaks: the device, or the new keys of a personalization under way. */
typedef struct {
  const uint8_t *signing_private;
  const uint8_t *thumbprint;
  uint32_t life_cycle;
  uint32_t epoch;
} fs_hello_speaker;

/* [certificate, hello] of the device. */
fs_result fs_hello_answer(fs_writer *writer, fs_view challenge);
/* The signed hello alone, as a byte string. */
fs_result fs_hello_write(fs_writer *writer, fs_view challenge, const fs_hello_speaker *speaker);

void fs_info_write(fs_writer *writer);

/* FS_YES when these 16 bytes are the current nonce. */
fs_answer fs_nonce_is(const uint8_t *nonce);
/* The nonce is dead; the next hello makes another. */
void fs_nonce_forget(void);

#endif

/* Random bytes (spec/suites.md section 2.1): an HMAC-DRBG, fed by the chip's generator for each output, or
 * for parts without one seeded at personalization. */
#ifndef FS_RANDOM_H
#define FS_RANDOM_H

#include "fs_crypto.h"

/* FS_ERR_RANDOM_FAILED: the bytes are zeros then. */
fs_result fs_random(uint8_t *bytes, uint32_t length);

/* Parts without a generator: the seed of a personalization that has not been written yet;
 * null: that of the identity. */
void fs_random_use_seed(const uint8_t *seed);

#endif

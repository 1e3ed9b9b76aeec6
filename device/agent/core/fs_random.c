/*
 * See fs_random.h. Without a generator in hardware: block i of boot b is HMAC(seed, b || i), where the
 * journal counts b up before its first block is used, so that no block comes twice in the life of the device.
 */
#include "fs_random.h"

#include "fs_chip_facts.h"
#include "fs_hmac.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_port.h"

#if FS_HAS_RANDOM_GENERATOR

void fs_random_use_seed(const uint8_t *seed) { (void)seed; }

fs_result fs_random(uint8_t *bytes, uint32_t length) {
  FS_TRY_AS(fs_port_random(bytes, length), FS_ERR_RANDOM_FAILED);
  /* A generator that is stuck gives one value; 16 equal bytes by chance are beyond 2^-120. */
  if (length >= 16) FS_REQUIRE(fs_all(bytes, length, bytes[0]) != FS_YES, FS_ERR_RANDOM_FAILED);
  return FS_OK;
}

#else

static const uint8_t *given;
static uint32_t boot_counted;
static uint32_t block;

void fs_random_use_seed(const uint8_t *seed) {
  given = seed;
  block = 0;
}

static fs_result next_block(uint8_t out[FS_HASH_SIZE]) {
  uint8_t seed[FS_KEY_SIZE];
  uint8_t counter[8];
  fs_hmac context;
  if (given) {
    memcpy(seed, given, sizeof seed);
    fs_put_u32be(counter, 0);
  } else {
    FS_TRY_AS(fs_identity_seed(seed), FS_ERR_RANDOM_FAILED);
    if (boot_counted != fs_now.random_counter || boot_counted == 0) {
      fs_now.random_counter++;
      FS_TRY_AS(fs_journal_commit(), FS_ERR_RANDOM_FAILED);
      boot_counted = fs_now.random_counter;
      block = 0;
    }
    fs_put_u32be(counter, fs_now.random_counter);
  }
  fs_put_u32be(counter + 4, block++);
  FS_REQUIRE(block != 0, FS_ERR_RANDOM_FAILED);
  fs_hmac_init(&context, seed, sizeof seed);
  fs_hmac_update(&context, counter, sizeof counter);
  fs_hmac_final(&context, out);
  fs_wipe(seed, sizeof seed);
  return FS_OK;
}

fs_result fs_random(uint8_t *bytes, uint32_t length) {
  uint8_t out[FS_HASH_SIZE];
  uint32_t done = 0;
  while (done < length) {
    uint32_t count = length - done < sizeof out ? length - done : sizeof out;
    FS_TRY(next_block(out));
    memcpy(bytes + done, out, count);
    done += count;
  }
  fs_wipe(out, sizeof out);
  return FS_OK;
}

#endif

/*
 * See fs_random.h. Without a generator in hardware: each boot begins again from the seed and a number that
 * the journal counts up before the first output, so that no output comes twice in the life of the device.
 */
#include "fs_random.h"

#include "fs_chip_facts.h"
#include "fs_drbg.h"
#include "fs_floor.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_port.h"

static fs_drbg state;

#if FS_HAS_RANDOM_GENERATOR

/* More than the 256 bits of the output and the 128 of a nonce that SP 800-90A wants, should a word hold less
 * than it promises. */
#define RAW_SIZE 64u

static fs_answer begun; /* FS_YES from the first output on; a reset forgets it */

void fs_random_use_seed(const uint8_t *seed) { (void)seed; }

/* Raw words. A generator that is stuck repeats a word; by chance two are equal once in 2^32. */
static fs_result gather(uint8_t raw[RAW_SIZE]) {
  uint32_t i;
  FS_TRY_AS(fs_port_random(raw, RAW_SIZE), FS_ERR_RANDOM_FAILED);
  for (i = 4; i < RAW_SIZE; i += 4)
    FS_REQUIRE(fs_get_u32le(raw + i) != fs_get_u32le(raw + i - 4), FS_ERR_RANDOM_FAILED);
  return FS_OK;
}

/* The device's key goes in once there is one: a generator that gives after a reset what it gave at
 * personalization repeats a nonce then, and does not show a private key as a nonce. */
static fs_result feed(void) {
  uint8_t raw[RAW_SIZE];
  uint8_t key[FS_KEY_SIZE];
  uint8_t id[FS_UNIQUE_ID_LENGTH];
  fs_view seed[3];
  fs_wipe(raw, sizeof raw);
  FS_TRY(gather(raw));
  fs_port_unique_id(id);
  seed[0].data = raw;
  seed[0].length = sizeof raw;
  seed[1].data = id;
  seed[1].length = sizeof id;
  fs_wipe(key, sizeof key);
  fs_identity_device_key(key);
  seed[2].data = key;
  /* Defence random-device-key */
  seed[2].length = fs_identity_present() == FS_YES ? FS_KEY_SIZE : 0;
  if (begun == FS_YES) fs_drbg_add(&state, seed, 3);
  else fs_drbg_begin(&state, seed, 3);
  begun = FS_YES;
  fs_wipe(raw, sizeof raw);
  fs_wipe(key, sizeof key);
  return FS_OK;
}

#else

static fs_answer given;        /* FS_YES: the state is that of a personalization under way */
static uint32_t boot_counted; /* number that the state began from; 0: of no boot */

/* The parts of a seed: 32 bytes, the number of the boot, the unique id. */
static fs_result seed_state(const uint8_t seed[FS_KEY_SIZE], uint32_t boot, fs_answer restart) {
  uint8_t number[4];
  uint8_t id[FS_UNIQUE_ID_LENGTH];
  fs_view parts[3];
  const fs_view *volatile looked_at = parts; /* the compiler knows what is in there */
  fs_put_u32be(number, boot);
  fs_port_unique_id(id);
  parts[0].data = seed;
  parts[0].length = FS_KEY_SIZE;
  parts[1].data = number;
  parts[1].length = sizeof number;
  parts[2].data = id;
  parts[2].length = sizeof id;
  /* Another number would be the same at each boot, and the nonces of signatures with it. */
  /* Defence random-boot-number */
  FS_REQUIRE(fs_get_u32le(looked_at[1].data) == __builtin_bswap32(boot), FS_ERR_RANDOM_FAILED);
  if (restart == FS_YES) fs_drbg_begin(&state, parts, 3);
  else fs_drbg_add(&state, parts, 3);
  return FS_OK;
}

/* The same seed once more in a personalization that goes on gives other keys. */
void fs_random_use_seed(const uint8_t *seed) {
  if (seed) (void)seed_state(seed, 0, given == FS_YES ? FS_NO : FS_YES);
  given = seed ? FS_YES : FS_NO;
  boot_counted = 0;
}

/* Without a journal nothing counts boots. The number is one of the end, another after each recovery, so that
 * a statement for a nonce of before it is refused. */
static uint32_t number_of_a_lost_chip(void) {
  fs_floors floors;
  fs_floor_read(&floors);
  return 0xffffffffu - floors.recoveries;
}

static fs_result feed(void) {
  uint8_t seed[FS_KEY_SIZE];
  if (fs_now.life_cycle == FS_LIFE_LOST) fs_now.random_counter = number_of_a_lost_chip();
  if (given == FS_YES || (boot_counted != 0 && boot_counted == fs_now.random_counter)) return FS_OK;
  FS_TRY_AS(fs_identity_seed(seed), FS_ERR_RANDOM_FAILED);
  if (fs_now.life_cycle != FS_LIFE_LOST) {
    fs_now.random_counter++;
    FS_REQUIRE(fs_now.random_counter != 0, FS_ERR_RANDOM_FAILED);
    FS_TRY_AS(fs_journal_commit(), FS_ERR_RANDOM_FAILED); /* which reads it back */
  }
  FS_TRY(seed_state(seed, fs_now.random_counter, FS_YES));
  boot_counted = fs_now.random_counter;
  fs_wipe(seed, sizeof seed);
  return FS_OK;
}

#endif

fs_result fs_random(uint8_t *bytes, uint32_t length) {
  fs_wipe(bytes, length);
  FS_TRY(feed());
  fs_drbg_take(&state, bytes, length);
  return FS_OK;
}

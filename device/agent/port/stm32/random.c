/*
 * Hardware random generator: CR +00, SR +04, DR +08 in every family that has one (RM0090 24.4,
 * RM0433 34.7). Each word is taken only while neither the seed nor the clock check complains, and
 * refused when it repeats the one before. The words are no keys: core/fs_random.c
 * feeds an HMAC-DRBG with them.
 */
#include "fs_stm32.h"

#define CR FS_REGISTER(FS_RNG + 0x00u)
#define SR FS_REGISTER(FS_RNG + 0x04u)
#define DR FS_REGISTER(FS_RNG + 0x08u)
#define CR_ENABLE (1u << 2)
#define SR_READY (1u << 0)
#define SR_CLOCK_ERROR (1u << 1)
#define SR_SEED_ERROR (1u << 2)
#define SR_LATCHED (3u << 5)
#define ATTEMPTS 4u
/* A word takes 40 periods of the generator's clock; this is thousands of times more. */
#define READY_TURNS 100000u

static uint32_t previous;

static void restart(void) {
  SR = 0; /* clears the latched errors */
  fs_random_configure();
  CR |= CR_ENABLE;
}

static fs_result next_word(uint32_t *word) {
  uint32_t turns;
  for (turns = 0; turns < READY_TURNS; turns++) {
    uint32_t status = SR;
    if (status & (SR_CLOCK_ERROR | SR_SEED_ERROR | SR_LATCHED)) return FS_ERR_RANDOM_FAILED;
    if ((status & SR_READY) == 0) continue;
    *word = DR;
    /* Errors found while the word was made; and 0 is what the register holds when no word was ready. */
    if (SR & (SR_CLOCK_ERROR | SR_SEED_ERROR | SR_LATCHED)) return FS_ERR_RANDOM_FAILED;
    if (*word == 0 || *word == previous) return FS_ERR_RANDOM_FAILED;
    previous = *word;
    return FS_OK;
  }
  return FS_ERR_RANDOM_FAILED;
}

/* After an error the generator is started again and its first word thrown away
 * (RM0090 24.3.2, FIPS 140-2). */
static fs_result sound_word(uint32_t *word) {
  uint32_t attempt;
  if ((CR & CR_ENABLE) != 0 && next_word(word) == FS_OK) return FS_OK;
  for (attempt = 0; attempt < ATTEMPTS; attempt++) {
    restart();
    if (next_word(word) == FS_OK && next_word(word) == FS_OK) return FS_OK;
  }
  return FS_ERR_RANDOM_FAILED;
}

fs_result fs_port_random(uint8_t *bytes, uint32_t length) {
  uint32_t done = 0;
  fs_random_clock();
  while (done < length) {
    uint32_t word;
    uint32_t lane;
    FS_TRY(sound_word(&word));
    for (lane = 0; lane < 4 && done < length; lane++) bytes[done++] = (uint8_t)(word >> (8 * lane));
  }
  return FS_OK;
}

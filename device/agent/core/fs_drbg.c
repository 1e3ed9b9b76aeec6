/* See fs_drbg.h. Names of the steps as in SP 800-90A. */
#include "fs_drbg.h"

#include "fs_hmac.h"

static void next_value(fs_drbg *state) {
  fs_hmac context;
  fs_hmac_init(&context, state->key, sizeof state->key);
  fs_hmac_update(&context, state->value, sizeof state->value);
  fs_hmac_final(&context, state->value);
}

/* Half of HMAC_DRBG_Update. */
static void mix(fs_drbg *state, uint8_t round, const fs_view *data, uint32_t count) {
  fs_hmac context;
  uint32_t i;
  fs_hmac_init(&context, state->key, sizeof state->key);
  fs_hmac_update(&context, state->value, sizeof state->value);
  fs_hmac_update(&context, &round, 1);
  for (i = 0; i < count; i++) fs_hmac_update(&context, data[i].data, data[i].length);
  fs_hmac_final(&context, state->key);
  next_value(state);
}

void fs_drbg_add(fs_drbg *state, const fs_view *seed, uint32_t count) {
  mix(state, 0, seed, count);
  mix(state, 1, seed, count);
}

void fs_drbg_begin(fs_drbg *state, const fs_view *seed, uint32_t count) {
  memset(state->key, 0, sizeof state->key);
  memset(state->value, 1, sizeof state->value);
  fs_drbg_add(state, seed, count);
}

void fs_drbg_take(fs_drbg *state, uint8_t *bytes, uint32_t length) {
  uint32_t done = 0;
  while (done < length) {
    uint32_t count = length - done < sizeof state->value ? length - done : sizeof state->value;
    next_value(state);
    memcpy(bytes + done, state->value, count);
    done += count;
  }
  mix(state, 0, 0, 0);
}

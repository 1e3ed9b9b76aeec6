/* See fs_flow.h. */
#include "fs_flow.h"

volatile uint32_t fs_flow;

void fs_flow_bind_key(uint8_t key[FS_KEY_SIZE], uint32_t sum) {
  /* Defence flow-key */
  fs_put_u32le(key, fs_get_u32le(key) ^ fs_flow ^ sum);
}

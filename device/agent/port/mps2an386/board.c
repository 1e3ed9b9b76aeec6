/*
 * STAND-IN for what else an STM32F427 has and the board lacks: unique id, random generator, backup register,
 * watchdog; and the reset and hand-over of the agent. The generator is 32 bits of state that the host chose:
 * INSECURE, it makes a test run repeatable and keys worthless.
 */
#include "fs_stand_in.h"

#define CONFIRM_WORD 0x66734301u
#define REQUEST_WORD 0x66734101u /* as on the real part: port/stm32/fs_request.h */

void fs_chip_before_ram(void) {}

void fs_chip_clear_nmi(void) {}

void fs_chip_start(void) { fs_stand_in_start(); }

/* No watchdog is taken: the board's runs from another clock than the F427's and would show nothing. */
void fs_watchdog_start(void) {}

void fs_watchdog_meet(void) {}

void fs_watchdog_feed(void) {}

void fs_port_unique_id(uint8_t *bytes) {
  uint32_t i;
  for (i = 0; i < FS_UNIQUE_ID_LENGTH; i++) bytes[i] = *(const volatile uint8_t *)(FS_STAND_IN_UNIQUE_ID + i);
}

/* Marsaglia's xorshift32: never 0 from a seed that is not. The state outlives a reset, so
 * that no nonce comes twice. */
fs_result fs_port_random(uint8_t *bytes, uint32_t length) {
  uint32_t state = FS_STAND_IN_RANDOM_STATE;
  uint32_t i;
  FS_REQUIRE(state != 0, FS_ERR_RANDOM_FAILED);
  for (i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes[i] = (uint8_t)(state >> 24);
  }
  FS_STAND_IN_RANDOM_STATE = state;
  return FS_OK;
}

fs_answer fs_port_entry_requested(void) {
  if (FS_STAND_IN_REQUEST != REQUEST_WORD) return FS_NO;
  FS_STAND_IN_REQUEST = 0;
  return FS_YES;
}

fs_answer fs_port_trial_confirmed(void) { return FS_STAND_IN_REQUEST == CONFIRM_WORD ? FS_YES : FS_NO; }

void fs_port_trial_clear(void) {
  if (FS_STAND_IN_REQUEST == CONFIRM_WORD) FS_STAND_IN_REQUEST = 0;
}

fs_answer fs_port_receipt_requested(void) { return FS_NO; }

/* The board has RAM there too. */
uint32_t *fs_port_status_place(void) { return (uint32_t *)FS_STATUS_START; }

void fs_port_trial_watchdog(void) {}

void fs_port_reset(void) { fs_system_reset(); }

/* The application is linked where the board has what is stored at `entry`. */
void fs_port_boot_application(uint32_t entry) {
  uint32_t vectors = FS_BOARD_ADDRESS(FS_FLOW_ENTRY(entry));
  uint32_t stack;
  uint32_t program;
  if (vectors != FS_BOARD_ADDRESS(entry)) fs_system_reset();
  stack = FS_REGISTER(vectors);
  program = FS_REGISTER(vectors + 4u);
  fs_chip_stop();
  fs_handover(stack, program, vectors, 0);
}

/*
 * The link over UART 0 of the board, polled: CMSDK APB UART (Arm DDI 0479, section 4.3): DATA +00, STATE +04,
 * CTRL +08, BAUDDIV +10. QEMU moves the bytes to a socket, whatever the divider says.
 */
#include "fs_stand_in.h"

#define UART 0x40004000u
#define DATA FS_REGISTER(UART + 0x00u)
#define STATE FS_REGISTER(UART + 0x04u)
#define CTRL FS_REGISTER(UART + 0x08u)
#define BAUDDIV FS_REGISTER(UART + 0x10u)
#define STATE_SEND_FULL (1u << 0)
#define STATE_RECEIVED (1u << 1)
#define CTRL_SEND_AND_RECEIVE 3u
#define CLOCK_HZ 25000000u
#define BAUD 115200u

/*
 * QEMU asks its socket for bytes when its main loop turns, and its model of this UART does not turn it
 * when there is room again. A running timer does: SysTick (Armv7-M Architecture Reference Manual, B3.3)
 * every 200 us, without interrupt.
 */
#define SYSTICK_CTRL FS_REGISTER(0xE000E010u)
#define SYSTICK_LOAD FS_REGISTER(0xE000E014u)
#define SYSTICK_VALUE FS_REGISTER(0xE000E018u)
#define SYSTICK_ON_PROCESSOR_CLOCK 5u
#define TICKS_A_SECOND 5000u

/* Ends the wait for a host that takes no bytes; the frame is lost then, and the host repeats. */
#define ROOM_TURNS 0x10000000u

void fs_link_start(void) {
  BAUDDIV = CLOCK_HZ / BAUD;
  CTRL = CTRL_SEND_AND_RECEIVE;
  SYSTICK_LOAD = CLOCK_HZ / TICKS_A_SECOND - 1u;
  SYSTICK_VALUE = 0;
  SYSTICK_CTRL = SYSTICK_ON_PROCESSOR_CLOCK;
}

void fs_link_stop(void) {}

/* No listen window: the board has no settings. */
void fs_listen_begin(void) {}

fs_answer fs_listen_goes_on(void) { return FS_NO; }

void fs_listen_end(void) {}

int32_t fs_link_poll(void) {
  if ((STATE & STATE_RECEIVED) == 0) return -1;
  return (int32_t)(DATA & 0xFFu);
}

static fs_result wait_for_room(void) {
  uint32_t turns;
  for (turns = 0; turns < ROOM_TURNS; turns++) {
    if ((STATE & STATE_SEND_FULL) == 0) return FS_OK;
  }
  return FS_ERR_INTERNAL_CHECK_FAILED;
}

void fs_port_link_send(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  for (i = 0; i < length; i++) {
    if (wait_for_room() != FS_OK) return;
    DATA = bytes[i];
  }
  /* A reset may follow the answer: the last byte has to be out by then. */
  (void)wait_for_room();
}

void fs_chip_stop(void) {
  SYSTICK_CTRL = 0;
  SYSTICK_LOAD = 0;
  SYSTICK_VALUE = 0;
  CTRL = 0;
  BAUDDIV = 0;
}

/*
 * The link over a USART, 8 data bits, no parity, 1 stop bit, polled: the agent takes no byte while it works
 * (spec/link.md section 2). It listens at the default rate; after a few framing errors it changes to the fast
 * one and back, so a host picks the rate by using it, and repeats until it is answered.
 */
#include "fs_board.h"
#include "fs_stm32.h"
#include "fs_usart.h"

#define FRAMING_ERRORS_TO_CHANGE 4u

static uint32_t rate;
static uint32_t framing_errors;

static void set_rate(uint32_t baud) {
  rate = baud;
  framing_errors = 0;
  FS_REGISTER(FS_USART + FS_USART_CR1) = 0; /* the divider may be changed while it is disabled only */
  FS_REGISTER(FS_USART + FS_USART_BRR) = (FS_USART_CLOCK_HZ + baud / 2u) / baud; /* oversampling by 16 */
  FS_REGISTER(FS_USART + FS_USART_CR1) = FS_USART_CR1_ON;
}

void fs_link_start(void) {
  fs_gpio_clock(FS_GPIOA);
  fs_usart_clock();
  fs_pin_alternate(FS_GPIOA, 9u, FS_USART_PIN_FUNCTION);
  fs_pin_alternate(FS_GPIOA, 10u, FS_USART_PIN_FUNCTION);
  set_rate(FS_LINK_BAUD);
}

int32_t fs_link_poll(void) {
  uint32_t status = FS_REGISTER(FS_USART + FS_USART_STATUS);
  uint32_t data;
  if ((status & (FS_USART_RECEIVED | FS_USART_ERRORS)) == 0) return -1;
  if ((status & FS_USART_ERRORS) == 0) return (int32_t)(FS_REGISTER(FS_USART + FS_USART_RECEIVE) & 0xFFu);
  data = FS_REGISTER(FS_USART + FS_USART_RECEIVE) & 0xFFu;
  fs_usart_clear_errors(status);
  if (status & FS_USART_FRAMING) {
    framing_errors++;
    if (framing_errors >= FRAMING_ERRORS_TO_CHANGE)
      set_rate(rate == FS_LINK_BAUD ? FS_LINK_BAUD_FAST : FS_LINK_BAUD);
    return -1;
  }
  /* A byte lost to an overrun spoils its frame's CRC, and the host repeats. */
  return (status & FS_USART_RECEIVED) ? (int32_t)data : -1;
}

void fs_port_link_send(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  fs_watchdog_feed();
  for (i = 0; i < length; i++) {
    if (fs_wait_for(FS_USART + FS_USART_STATUS, FS_USART_ROOM, FS_USART_ROOM) != FS_OK) return;
    FS_REGISTER(FS_USART + FS_USART_SEND) = bytes[i];
  }
  /* A reset may follow the answer: what was taken has to be on the wire by then. */
  (void)fs_wait_for(FS_USART + FS_USART_STATUS, FS_USART_SENT, FS_USART_SENT);
}

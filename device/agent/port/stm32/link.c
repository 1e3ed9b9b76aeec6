/*
 * The link over the UART of the board's settings, 8 data bits, no parity, 1 stop bit: polled, so that the
 * agent takes no byte while it works, or with received bytes taken by DMA (fs_reception.h). It listens at the
 * settings' rate; after a few framing errors it changes to their fast one and back, so a host picks the rate
 * by using it, and repeats until it is answered.
 */
#include "fs_chip_control.h"
#include "fs_chip_facts.h"
#include "fs_reception.h"
#include "fs_settings.h"
#include "fs_stm32.h"
#include "fs_usart.h"
#include "fs_usb_bus.h"

#define FRAMING_ERRORS_TO_CHANGE 4u

static const fs_uart *uart; /* 0 until the link was started */
static uint32_t rate;
static uint32_t other_rate; /* the same where there is one rate */
static uint32_t framing_errors;

#define USART(offset) FS_REGISTER(uart->address + (offset))

static void use_rate(void) {
  framing_errors = 0;
  USART(FS_USART_CR1) = 0; /* the divider may be changed while it is disabled only */
  USART(FS_USART_BRR) = (uart->clock_hz + rate / 2u) / rate; /* oversampling by 16 */
  FS_RECEPTION_OPEN(uart);
  USART(FS_USART_CR1) = FS_USART_CR1_ON;
}

static void change_rate(void) {
  uint32_t now = rate;
  rate = other_rate;
  other_rate = now;
  use_rate();
}

static void open_pin(uint8_t pin, uint32_t function) {
  fs_gpio_clock(FS_PIN_GPIO(pin));
  fs_pin_alternate(FS_PIN_GPIO(pin), FS_PIN_NUMBER(pin), function);
}

void fs_link_listen(void) {
  fs_board settings;
  if (uart != 0) return;
  fs_settings_read(&settings);
  /* Only numbers of the table pass fs_board_read; the loop ends at the last one whatever it finds. */
  for (uart = fs_uarts; uart->number != settings.uart && uart < &fs_uarts[FS_UART_COUNT - 1u];) uart++;
  rate = settings.baud;
  other_rate = settings.fast_baud != 0 ? settings.fast_baud : rate;
  FS_REGISTER(uart->clock_register) |= 1u << uart->clock_bit;
  (void)FS_REGISTER(uart->clock_register); /* the clock takes two periods (RM0090 6.2.14) */
  open_pin(settings.tx, settings.functions & 15u);
  open_pin(settings.rx, settings.functions >> 4);
  use_rate();
}

/* USB as well: a listen window is shorter than an enumeration, so that there only the UART is opened. */
void fs_link_start(void) {
  fs_link_listen();
  fs_usb_bus_start();
}

void fs_link_stop(void) {
  uint32_t reset;
  uint32_t bit;
  if (uart == 0) return;
  reset = uart->clock_register - FS_RCC_FROM_RESET_TO_CLOCK;
  bit = 1u << uart->clock_bit;
  FS_REGISTER(reset) = bit;
  FS_REGISTER(reset) = 0;
  FS_RECEPTION_CLOSE();
  FS_REGISTER(uart->clock_register) &= ~bit;
}

int32_t fs_link_poll(void) {
  uint32_t status;
  uint32_t data;
  fs_usb_bus_poll();
  status = USART(FS_USART_STATUS);
  if ((status & FS_RECEPTION_SIGNS) == 0) return -1;
  data = USART(FS_USART_RECEIVE) & 0xFFu;
  if ((status & FS_USART_ERRORS) == 0) return (int32_t)data;
  fs_usart_clear_errors(uart->address, status);
  if (status & FS_USART_FRAMING) {
    framing_errors++;
    if (framing_errors >= FRAMING_ERRORS_TO_CHANGE) change_rate();
    return -1;
  }
  /* A byte lost to an overrun spoils its frame's CRC, and the host repeats. */
  return (status & FS_USART_RECEIVED) ? (int32_t)data : -1;
}

void fs_port_link_send(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  fs_watchdog_feed();
  for (i = 0; i < length; i++) {
    if (fs_wait_for(uart->address + FS_USART_STATUS, FS_USART_ROOM, FS_USART_ROOM) != FS_OK) return;
    USART(FS_USART_SEND) = bytes[i];
  }
  /* A reset may follow the answer: what was taken has to be on the wire by then. */
  (void)fs_wait_for(uart->address + FS_USART_STATUS, FS_USART_SENT, FS_USART_SENT);
}

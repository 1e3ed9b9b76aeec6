/* SPDX-License-Identifier: MIT-0 */
/* See uart.h; the addresses are in boards/CHIP/board.h. */
#include "uart.h"

#include "board.h"
#include "firmseal.h"

#define REGISTER(address) (*(volatile uint32_t *)(uint32_t)(address))
#if BOARD_OLD_USART /* RM0090 30.6 */
#define STATUS REGISTER(BOARD_USART + 0x00u)
#define RECEIVED REGISTER(BOARD_USART + 0x04u)
#define TO_SEND REGISTER(BOARD_USART + 0x04u)
#define BAUD REGISTER(BOARD_USART + 0x08u)
#define CONTROL REGISTER(BOARD_USART + 0x0Cu)
#define ON (1u << 13 | 1u << 3 | 1u << 2)
#else /* RM0433 48.7, RM0444 33.8, RM0456 66.8 */
#define STATUS REGISTER(BOARD_USART + 0x1Cu)
#define RECEIVED REGISTER(BOARD_USART + 0x24u)
#define TO_SEND REGISTER(BOARD_USART + 0x28u)
#define BAUD REGISTER(BOARD_USART + 0x0Cu)
#define CONTROL REGISTER(BOARD_USART + 0x00u)
#define ON (1u << 0 | 1u << 3 | 1u << 2)
#endif
#define FILLED (1u << 5)
#define SENT (1u << 6)
#define EMPTY (1u << 7)

/* MODER +00, AFRH +24: PA9 and PA10 (the same offsets in every family). */
void uart_open(void) {
  REGISTER(BOARD_GPIO_CLOCK) |= 1u;
  REGISTER(BOARD_USART_CLOCK) |= 1u << BOARD_USART_BIT;
  (void)REGISTER(BOARD_USART_CLOCK);
  REGISTER(BOARD_GPIOA + 0x24u) = (REGISTER(BOARD_GPIOA + 0x24u) & ~0xFF0u) | BOARD_FUNCTION << 4 | BOARD_FUNCTION << 8;
  REGISTER(BOARD_GPIOA) = (REGISTER(BOARD_GPIOA) & ~(0xFu << 18)) | 0xAu << 18;
  BAUD = BOARD_CLOCK_HZ / 115200u;
  CONTROL = ON;
}

void uart_put(uint8_t byte) {
  while ((STATUS & EMPTY) == 0) continue;
  TO_SEND = byte;
}

int uart_came(void) { return (STATUS & FILLED) != 0; }

uint8_t uart_get(void) {
  while ((STATUS & FILLED) == 0) firmseal_feed_watchdog();
  return (uint8_t)RECEIVED;
}

void uart_drain(void) {
  while ((STATUS & SENT) == 0) continue;
}

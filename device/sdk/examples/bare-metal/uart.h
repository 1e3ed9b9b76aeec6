/* SPDX-License-Identifier: MIT-0 */
/* USART1 on PA9 and PA10, 115200 8N1, on the clock that runs after a reset. */
#ifndef UART_H
#define UART_H

#include <stdint.h>

void uart_open(void);
void uart_put(uint8_t byte);
/* Whether a byte is there to get. */
int uart_came(void);
/* Waits, and feeds the watchdog meanwhile. */
uint8_t uart_get(void);
/* Waits until the last byte left the chip: before a reset. */
void uart_drain(void);

#endif

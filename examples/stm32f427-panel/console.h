/* The serial console: USART1 on PA9 (out) and PA10 (in), 115200 baud, 8 bits, no parity, 1 stop bit. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

void console_open(void);
void console_text(const char *text);
void console_hex(uint32_t value);     /* eight digits */
void console_decimal(uint32_t value); /* no leading zeros */
char console_wait(void);              /* the next character that arrives */

#endif

#include "console.h"
#include "registers.h"

enum { BAUD = 115200 };

void console_open(void)
{
  RCC_AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
  RCC_APB2ENR |= RCC_APB2ENR_USART1EN;
  (void)RCC_APB2ENR; /* errata sheet ES0206: a peripheral needs two cycles after its clock is enabled; a read waits */
  GPIOA_AFRH = (GPIOA_AFRH & ~0x00000ff0u) | 0x00000770u;
  GPIOA_MODER = (GPIOA_MODER & ~0x003c0000u) | 0x00280000u;
  USART1_BRR = (CLOCK_HZ + BAUD / 2) / BAUD;
  USART1_CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

static void put(char character)
{
  while ((USART1_SR & USART_SR_TXE) == 0) {
  }
  USART1_DR = (uint8_t)character;
}

void console_text(const char *text)
{
  for (; *text != '\0'; text++) {
    if (*text == '\n') {
      put('\r');
    }
    put(*text);
  }
}

void console_hex(uint32_t value)
{
  for (int shift = 28; shift >= 0; shift -= 4) {
    put("0123456789abcdef"[(value >> shift) & 15u]);
  }
}

void console_decimal(uint32_t value)
{
  char digits[11];
  int first = 10;
  digits[first] = '\0';
  do {
    digits[--first] = (char)('0' + value % 10u);
    value /= 10u;
  } while (value != 0);
  console_text(digits + first);
}

char console_wait(void)
{
  while ((USART1_SR & USART_SR_RXNE) == 0) {
  }
  return (char)(USART1_DR & 0x7fu);
}

/* SPDX-License-Identifier: MIT-0 */
/* RM0433 table 8, 8.7.43 and 8.7.48; HSI */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_OLD_USART 0
#define BOARD_USART 0x40011000u
#define BOARD_USART_CLOCK 0x580244F0u
#define BOARD_USART_BIT 4u
#define BOARD_GPIOA 0x58020000u
#define BOARD_GPIO_CLOCK 0x580244E0u
#define BOARD_FUNCTION 7u
#define BOARD_CLOCK_HZ 64000000u

/* Before the first write to RAM, where a program starts after a reset instead of behind the agent: the supply
 * is the internal regulator, and its voltage stands (RM0433 6.4.1). */
#define BOARD_BEFORE_RAM()                                                             \
  do {                                                                                 \
    *(volatile uint32_t *)0x5802480Cu = (*(volatile uint32_t *)0x5802480Cu & ~1u) | 2u; \
    while ((*(volatile uint32_t *)0x58024804u & 1u << 13) == 0) continue;              \
  } while (0)

#endif

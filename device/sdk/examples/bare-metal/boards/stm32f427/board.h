/* SPDX-License-Identifier: MIT-0 */
/* RM0090 table 1, 6.3.10 and 6.3.14; HSI */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_OLD_USART 1
#define BOARD_USART 0x40011000u
#define BOARD_USART_CLOCK 0x40023844u
#define BOARD_USART_BIT 4u
#define BOARD_GPIOA 0x40020000u
#define BOARD_GPIO_CLOCK 0x40023830u
#define BOARD_FUNCTION 7u
#define BOARD_CLOCK_HZ 16000000u

/* Before the first write to RAM, where a program starts after a reset instead of behind the agent. */
#define BOARD_BEFORE_RAM()

#endif

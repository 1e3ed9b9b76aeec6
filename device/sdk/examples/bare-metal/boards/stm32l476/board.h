/* SPDX-License-Identifier: MIT-0 */
/* RM0351 table 1, 6.4.17 and 6.4.21; MSI as it is after a reset */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_OLD_USART 0
#define BOARD_USART 0x40013800u
#define BOARD_USART_CLOCK 0x40021060u
#define BOARD_USART_BIT 14u
#define BOARD_GPIOA 0x48000000u
#define BOARD_GPIO_CLOCK 0x4002104Cu
#define BOARD_FUNCTION 7u
#define BOARD_CLOCK_HZ 4000000u

#endif

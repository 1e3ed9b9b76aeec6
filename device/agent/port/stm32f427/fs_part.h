/* What ../stm32f4 asks of a part: clock and button. */
#ifndef FS_PART_H
#define FS_PART_H

/* RM0090 6.3.2 (RCC_PLLCFGR): 16 MHz / 16 * 336 = 336 MHz; / 2 = 168 MHz (PLLP 0); / 7 = 48 MHz. */
#define FS_PLL (16u | 336u << 6 | 0u << 16 | 7u << 24)
#define FS_CORE_CLOCK_HZ 168000000u
#define FS_WAIT_STATES 5u
#define FS_PRESCALERS (5u << 10 | 4u << 13) /* APB1 by 4, APB2 by 2 */
#define FS_AHB1_AFTER_RESET 0x00100000u /* core coupled memory */
#define FS_AHB2_RNG (1u << 6)
#define FS_BUTTON_LEVEL 1u /* NUCLEO-F429ZI */

#endif

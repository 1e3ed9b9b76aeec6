/* What ../stm32f4 asks of a part: clock and button. */
#ifndef FS_PART_H
#define FS_PART_H

/* RM0390 6.3.2 (RCC_PLLCFGR): 16 MHz / 16 * 336 = 336 MHz; / 2 = 168 MHz (PLLP 0), the most without
 * over-drive (5.1.4); / 7 = 48 MHz. PLLR, which this part has, is not used and may not be below 2. */
#define FS_PLL (16u | 336u << 6 | 0u << 16 | 7u << 24 | 2u << 28)
#define FS_CORE_CLOCK_HZ 168000000u
#define FS_WAIT_STATES 5u
#define FS_PRESCALERS (5u << 10 | 4u << 13) /* APB1 by 4, APB2 by 2 */
#define FS_AHB1_AFTER_RESET 0u
#define FS_AHB2_RNG 0u /* no random generator */
#define FS_BUTTON_LEVEL 0u /* NUCLEO-F446RE */

#endif

/* What ../stm32f4 asks of a part: clock and button. */
#ifndef FS_PART_H
#define FS_PART_H

/* RM0383 6.3.2 (RCC_PLLCFGR): 16 MHz / 16 * 336 = 336 MHz; / 4 = 84 MHz (PLLP 1), the most at the voltage
 * scale after reset (5.1.4); / 7 = 48 MHz. 2 wait states (3.4.1). */
#define FS_PLL (16u | 336u << 6 | 1u << 16 | 7u << 24)
#define FS_CORE_CLOCK_HZ 84000000u
#define FS_WAIT_STATES 2u
#define FS_PRESCALERS (4u << 10) /* APB1 by 2 */
#define FS_AHB1_AFTER_RESET 0u
#define FS_AHB2_RNG 0u /* no random generator */
#define FS_BUTTON_LEVEL 0u /* NUCLEO-F411RE */

#endif

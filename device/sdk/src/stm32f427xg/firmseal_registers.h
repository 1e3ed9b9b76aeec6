/* SPDX-License-Identifier: MIT-0 */
/* STM32F427 with 1 MiB: the registers are those of STM32F427. It has one bank, so
 * that FB_MODE reads as zero. */
#include "../stm32f427/firmseal_registers.h"

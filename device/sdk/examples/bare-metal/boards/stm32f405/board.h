/* SPDX-License-Identifier: MIT-0 */
/* STM32F405, F407: as STM32F427. */
#include "../stm32f427/board.h"

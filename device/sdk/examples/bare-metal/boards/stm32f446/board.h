/* SPDX-License-Identifier: MIT-0 */
/* STM32F446: as STM32F427. */
#include "../stm32f427/board.h"

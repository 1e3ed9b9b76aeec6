/* SPDX-License-Identifier: MIT-0 */
/* STM32F427 with 1 MiB: as STM32F427. */
#include "../stm32f427/board.h"

/* A part with half of the flash: clock and button are the same. */
#include "../stm32f427/fs_part.h"

/* The board's settings, or the built-in ones where the chip holds none that pass
 * (spec/board.md section 4). */
#ifndef FS_SETTINGS_H
#define FS_SETTINGS_H

#include "fs_board.h"

void fs_settings_read(fs_board *settings);

/* Boots in a row before this one that no application confirmed; 0 where the settings do not ask. */
uint32_t fs_unconfirmed_boots(void);

/* The UART that is built in, on the pins of the ROM bootloader's first one. */
void fs_settings_built_in(fs_board *settings);

/* Register block of a pin's GPIO port, and its number in it. */
#define FS_PIN_GPIO(pin) (FS_GPIOA + ((uint32_t)(pin) >> 4) * 0x400u)
#define FS_PIN_NUMBER(pin) ((uint32_t)(pin) & 15u)

#endif

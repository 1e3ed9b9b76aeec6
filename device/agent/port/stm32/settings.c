/*
 * See fs_settings.h. Built in: the first UART of the catalogue on the pins of the ROM
 * bootloader's first USART, so that one connector serves personalization and updates; the button
 * of ST's boards, on PC13 everywhere.
 */
#include "fs_settings.h"

#include "fs_stm32.h"

#define PC13 0x2Du
#define PULL_UP 1u
#define PULL_DOWN 2u

void fs_settings_read(fs_board *settings) {
  /* Defence board-fallback */
  if (fs_board_read(settings) != FS_OK) {
    settings->entry = PC13;
    settings->entry_level = FS_BUTTON_LEVEL;
    settings->entry_pull = FS_BUTTON_LEVEL ? PULL_DOWN : PULL_UP;
  }
  /* Nor can this agent be reached by USB alone: no port calls the USB driver. */
  if (settings->uart == 0) fs_settings_built_in(settings);
}

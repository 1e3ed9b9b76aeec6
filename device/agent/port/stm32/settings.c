/*
 * See fs_settings.h. Built in: the first UART of the catalogue on the pins of the ROM
 * bootloader's first USART, so that one connector serves personalization and updates; the button
 * of ST's boards, on PC13 everywhere.
 */
#include "fs_settings.h"

#include "fs_chip_facts.h"
#include "fs_stm32.h"

#define PA9 0x09u
#define PA10 0x0Au
#define PC13 0x2Du
#define PULL_UP 1u
#define PULL_DOWN 2u

static void take_default_uart(fs_board *settings) {
  settings->uart = (uint8_t)fs_uarts[0].number;
  settings->tx = PA9;
  settings->rx = PA10;
  settings->functions = FS_USART_PIN_FUNCTION | FS_USART_PIN_FUNCTION << 4;
  settings->baud = 115200u;
  settings->fast_baud = 921600u;
}

void fs_settings_read(fs_board *settings) {
  /* Defence board-fallback */
  if (fs_board_read(settings) != FS_OK) {
    settings->entry = PC13;
    settings->entry_level = FS_BUTTON_LEVEL;
    settings->entry_pull = FS_BUTTON_LEVEL ? PULL_DOWN : PULL_UP;
  }
  /* Nor can this agent be reached by USB alone: no port calls the USB driver. */
  if (settings->uart == 0) take_default_uart(settings);
}

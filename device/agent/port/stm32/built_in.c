/* See fs_settings.h. */
#include "fs_chip_facts.h"
#include "fs_settings.h"
#include "fs_stm32.h"

#define PA9 0x09u
#define PA10 0x0Au

void fs_settings_built_in(fs_board *settings) {
  settings->uart = (uint8_t)fs_uarts[0].number;
  settings->tx = PA9;
  settings->rx = PA10;
  settings->functions = FS_USART_PIN_FUNCTION | FS_USART_PIN_FUNCTION << 4;
  settings->baud = 115200u;
  settings->fast_baud = 921600u;
}

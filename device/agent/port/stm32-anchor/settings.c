/*
 * See ../stm32/fs_settings.h: for the anchor the UART alone. The block is write-protected and was read by the
 * checks of spec/board.md section 4 before it was written; here its sum tells whether it is whole, and a UART
 * that the chip does not have leads to the built-in one.
 */
#include "fs_settings.h"

#include "fs_chip_facts.h"
#include "fs_flash.h"

#define BLOCK_MAGIC 0x44425346u /* "FSBD" */
#define CRC_AT (FS_BOARD_LENGTH - 4u)

static fs_answer is_uart(uint8_t number) {
  uint32_t i;
  for (i = 0; i < FS_UART_COUNT; i++)
    if (fs_uarts[i].number == number) return FS_YES;
  return FS_NO;
}

void fs_settings_read(fs_board *settings) {
  uint8_t block[FS_BOARD_LENGTH];
  memset(settings, 0, sizeof *settings);
  if (fs_flash_read(FS_BOARD_START, block, sizeof block) == FS_OK && fs_get_u32le(block) == BLOCK_MAGIC &&
      fs_crc32(block, CRC_AT) == fs_get_u32le(block + CRC_AT) && is_uart(block[20]) == FS_YES) {
    settings->uart = block[20];
    settings->tx = block[21];
    settings->rx = block[22];
    settings->functions = block[23];
    settings->baud = fs_get_u32le(block + 24);
    settings->fast_baud = fs_get_u32le(block + 28);
    return;
  }
  fs_settings_built_in(settings);
}

/*
 * Settings of the board: the block of data that personalization wrote beside the agent (spec/board.md). What
 * is taken instead of a block that does not pass is up to the port.
 */
#ifndef FS_BOARD_H
#define FS_BOARD_H

#include "fs_bytes.h"

#define FS_BOARD_LENGTH 64u
#define FS_BOARD_NO_PIN 0xFFu
#define FS_BOARD_WINDOW_MOST_MS 10000u
#define FS_BOARD_BOOTS_MOST 100u
/* How long the agent listens at least after as many boots as the settings say. */
#define FS_BOARD_BOOTS_WINDOW_MS 5000u

/* The settings that the agent uses. Pins as in the block: port in bits 7:4, number in bits 3:0. */
typedef struct {
  uint32_t baud;
  uint32_t fast_baud; /* 0: none */
  uint32_t window_ms;
  uint32_t unconfirmed_boots; /* 0: they are not counted */
  uint32_t least_millivolts; /* supply; 0: not known */
  uint8_t uart;      /* number as in the block; 0: none */
  uint8_t tx;
  uint8_t rx;
  uint8_t functions; /* alternate function of TX in bits 3:0, of RX in bits 7:4 */
  uint8_t entry;     /* FS_BOARD_NO_PIN: none */
  uint8_t entry_level;
  uint8_t entry_pull; /* 0 none, 1 up, 2 down */
} fs_board;

#define FS_BOARD_USB_SENSING 2u
#define FS_BOARD_PAGE_MOST 18u

/* The settings of USB, for ports that have it. */
typedef struct {
  uint8_t flags;        /* FS_BOARD_USB_SENSING: VBUS is on PA9 */
  uint8_t oscillator;   /* 0 internal, 1 crystal, 2 a clock from outside */
  uint8_t page_length;  /* 0: none */
  uint8_t page[FS_BOARD_PAGE_MOST]; /* of https:// */
  uint32_t crystal_hz;
  uint32_t vendor;
  uint32_t product;
} fs_board_usb;

/* Reads them from the block. Another result than FS_OK: no block passes, or the board does not use USB. */
fs_result fs_board_read_usb(fs_board_usb *usb);

/* Reads the block in flash. Another result than FS_OK is the fault of section 4; the
 * settings are then zeros. */
fs_result fs_board_read(fs_board *board);

#endif

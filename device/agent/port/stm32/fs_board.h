/*
 * Choices of a board, each to be overridden with -D: the pin that keeps the agent from booting the
 * application, the rates of the link. The link's pins are those of the ROM bootloader's first USART (PA9,
 * PA10), so that one connector serves personalization and updates.
 */
#ifndef FS_BOARD_H
#define FS_BOARD_H

#include "fs_registers.h"

/* The button of ST's boards with these chips, on PC13 everywhere; the level that it
 * gives when pressed differs. */
#ifndef FS_ENTRY_PIN
#define FS_ENTRY_GPIO FS_GPIOC
#define FS_ENTRY_PIN 13u
#define FS_ENTRY_LEVEL FS_BUTTON_LEVEL
#endif

#ifndef FS_LINK_BAUD
#define FS_LINK_BAUD 115200u
#endif
/* Tried when bytes come with framing errors at the other rate. */
#ifndef FS_LINK_BAUD_FAST
#define FS_LINK_BAUD_FAST 921600u
#endif

/* What an application writes into FS_REQUEST_REGISTER before it resets the chip: "fsA" and a version. */
#define FS_REQUEST_WORD 0x66734101u
/* What an application on trial writes there to be kept: "fsC" and a version. The agent
 * sees it at the next reset. */
#define FS_CONFIRM_WORD 0x66734301u

#endif

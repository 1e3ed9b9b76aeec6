/*
 * STAND-IN, for tests under QEMU only (-M mps2-an386, Arm AN386): where the board's memory plays the
 * parts of an STM32F427 that the board does not have. Nothing here protects anything: whoever runs the
 * board reads and writes all of it.
 *
 * Flash is the board's RAM at 0, where a real F427 shows its flash too after a reset (boot alias,
 * RM0090 2.4). The words below lie in the PSRAM, which a reset of the processor leaves alone: they
 * play option bytes and registers.
 */
#ifndef FS_STAND_IN_H
#define FS_STAND_IN_H

#include "fs_chip.h"
#include "fs_chip_control.h"
#include "fs_cortex.h"
#include "fs_port.h"

/* An address of the catalogue, moved to where the board has it. */
#define FS_BOARD_ADDRESS(canonical) ((canonical) - FS_FLASH_START)

#define FS_PSRAM 0x21000000u

/* Written by the host before the first instruction, and again at every reset (QEMU's generic loader). */
#define FS_STAND_IN_UNIQUE_ID (FS_PSRAM + 0x00u) /* 12 bytes */
#define FS_STAND_IN_SEED FS_REGISTER(FS_PSRAM + 0x0Cu) /* 0: no random bytes are given out */

/* The board's own; all 0 when the power came on. */
#define FS_STAND_IN_MARK FS_REGISTER(FS_PSRAM + 0x100u)          /* that the rest was prepared */
#define FS_STAND_IN_REQUEST FS_REGISTER(FS_PSRAM + 0x104u)       /* plays RTC_BKP0R */
#define FS_STAND_IN_RANDOM_STATE FS_REGISTER(FS_PSRAM + 0x108u)  /* of the stand-in generator */
#define FS_STAND_IN_OPTION(index) FS_REGISTER(FS_PSRAM + 0x110u + 4u * (index))    /* in force */
#define FS_STAND_IN_PROGRAMMED(index) FS_REGISTER(FS_PSRAM + 0x150u + 4u * (index)) /* from the next reset on */

/* What a power-up is for the parts played here: blank flash at the first, option bytes taken over at each. */
void fs_stand_in_start(void);

#endif

/*
 * OTG_FS of STM32F427 (RM0090 sections 6.3, 34.16): its base, how it is told that VBUS is
 * there, and its 48 MHz, which only a crystal makes well enough (USB 2.0, 7.1.11: 0.25 %; the
 * internal oscillator has 1 % and more).
 */
#ifndef FS_OTG_H
#define FS_OTG_H

#include "fs_board.h"
#include "fs_stm32.h"

#define FS_OTG 0x50000000u
#define FS_OTG_PIN_FUNCTION 10u

/* FS_NO: the bits did not come in 300,000 turns: 15 ms and more on an F427, 7 ms on an H743. */
fs_answer fs_otg_await(uint32_t address, uint32_t mask, uint32_t value);

/* crystal.c of the chip: its 48 MHz from the oscillator of the board. FS_NO: none is named, it does not
 * start, or it has another frequency; everything is then as before. Takes at most some 0.2 s. */
fs_answer fs_crystal_start(const fs_board_usb *board);

/* GCCFG: PWRDWN (transceiver on), VBUSBSEN or NOVBUSSENS. */
static inline uint32_t fs_otg_core_config(uint32_t sensing) { return 1u << 16 | (sensing ? 1u << 19 : 1u << 21); }
static inline uint32_t fs_otg_control(uint32_t sensing) {
  (void)sensing;
  return 0;
}

/* FS_NO: no 48 MHz that USB bears, and USB stays off. */
static inline fs_answer fs_otg_clock(const fs_board_usb *board) {
  if (fs_crystal_start(board) != FS_YES) return FS_NO;
  FS_RCC_AHB2ENR |= 1u << 7; /* OTGFSEN */
  (void)FS_RCC_AHB2ENR;
  return FS_YES;
}

/* A crystal needs no trimming. */
static inline void fs_otg_trim(void) {}

#endif

/*
 * OTG_HS2 of STM32H743, the full-speed one on PA11 and PA12 (RM0433 sections 6.8, 8.7, 57.14): its base, how
 * it is told that VBUS is there, and its 48 MHz: HSI48, which CRS trims by the host's frames.
 */
#ifndef FS_OTG_H
#define FS_OTG_H

#include "fs_board.h"
#include "fs_stm32.h"

#define FS_OTG 0x40080000u
#define FS_OTG_PIN_FUNCTION 10u

/* FS_NO: the bits did not come in 300,000 turns: 15 ms and more on an F427, 7 ms on an H743. */
fs_answer fs_otg_await(uint32_t address, uint32_t mask, uint32_t value);

/* GCCFG: PWRDWN (transceiver on), VBDEN where VBUS has a pin. */
static inline uint32_t fs_otg_core_config(uint32_t sensing) { return 1u << 16 | (sensing ? 1u << 21 : 0); }
/* GOTGCTL: BVALOEN, BVALOVAL: the session is valid, where nothing senses it. */
static inline uint32_t fs_otg_control(uint32_t sensing) { return sensing ? 0 : 1u << 6 | 1u << 7; }

/* CRS +00 CR, +04 CFGR, +08 ISR: counter of errors on, trims by itself. Reload and limit are those of a frame
 * of 1 ms after a reset. SYNCSRC: the frames of the second OTG are 0 in RM0433 and ST's first headers, 3 in
 * its later ones; fs_otg_trim finds out which. */
#define FS_CRS 0x40008400u
#define FS_CRS_TRIMS (1u << 5 | 1u << 6 | 0x20u << 8)
#define FS_CRS_OTHER_SOURCE (3u << 28)
#define FS_CRS_AFTER_RESET 0x0022BB7Fu

/* FS_NO: no oscillator, or no supply of the transceiver. */
static inline fs_answer fs_otg_clock(const fs_board_usb *board) {
  const uint32_t supply = FS_PWR + 0x0Cu; /* PWR_CR3 */
  (void)board;
  FS_REGISTER(supply) |= 1u << 24; /* USB33DEN */
  if (fs_otg_await(supply, 1u << 26, 1u << 26) != FS_YES) return FS_NO; /* USB33RDY */
  FS_RCC_CR |= FS_CR_HSI48_ON;
  if (fs_otg_await(FS_RCC, FS_CR_HSI48_READY, FS_CR_HSI48_READY) != FS_YES) return FS_NO;
  FS_REGISTER(FS_RCC + 0xECu) |= 1u << 1; /* APB1HENR.CRSEN */
  (void)FS_REGISTER(FS_RCC + 0xECu);
  FS_REGISTER(FS_CRS + 0x04u) = FS_CRS_AFTER_RESET | FS_CRS_OTHER_SOURCE;
  FS_REGISTER(FS_CRS) = FS_CRS_TRIMS;
  FS_REGISTER(FS_RCC + 0x54u) |= 3u << 20;  /* D2CCIP2R.USBSEL: HSI48 */
  FS_REGISTER(FS_RCC + 0xD8u) |= 1u << 27; /* AHB1ENR.USB2OTGHSEN */
  (void)FS_REGISTER(FS_RCC + 0xD8u);
  return FS_YES;
}

/* At a setup packet, ten frames after a reset of the bus at least: no frame was seen, so it is the other
 * source. The configuration cannot be changed while the counter is on. */
static inline void fs_otg_trim(void) {
  if ((FS_REGISTER(FS_CRS + 0x08u) & 15u) != 0) return;
  FS_REGISTER(FS_CRS) = FS_CRS_TRIMS & ~(1u << 5);
  FS_REGISTER(FS_CRS + 0x04u) ^= FS_CRS_OTHER_SOURCE;
  FS_REGISTER(FS_CRS) = FS_CRS_TRIMS;
}

#endif

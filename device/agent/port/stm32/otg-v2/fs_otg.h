/* OTG_HS2 of STM32H743, the full-speed one on PA11 and PA12 (RM0433 sections 6.8, 8.7, 57.14): its base, its
 * clock from HSI48, and how it is told that VBUS is there. Not executed. */
#ifndef FS_OTG_H
#define FS_OTG_H

#include <stdint.h>

#define FS_OTG_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define FS_OTG 0x40080000u
#define FS_OTG_GPIO 0x58020000u
#define FS_OTG_CORE_CONFIG (1u << 16)       /* GCCFG: PWRDWN (transceiver on); VBDEN 0 */
#define FS_OTG_CONTROL (1u << 6 | 1u << 7) /* GOTGCTL: BVALOEN, BVALOVAL: the session is valid */

static inline void fs_otg_clock(void) {
  const uint32_t rcc = 0x58024400u;
  const uint32_t supply = 0x58024800u + 0x0Cu; /* PWR_CR3 */
  FS_OTG_REGISTER(supply) |= 1u << 24;         /* USB33DEN */
  FS_OTG_REGISTER(rcc) |= 1u << 12;            /* CR.HSI48ON */
  while ((FS_OTG_REGISTER(rcc) & 1u << 13) == 0) continue; /* on-chip oscillator: microseconds */
  FS_OTG_REGISTER(rcc + 0x54u) |= 3u << 20;    /* D2CCIP2R.USBSEL: HSI48 */
  FS_OTG_REGISTER(rcc + 0xE0u) |= 1u << 0;     /* AHB4ENR.GPIOAEN */
  FS_OTG_REGISTER(rcc + 0xD8u) |= 1u << 27;    /* AHB1ENR.USB2OTGHSEN */
  (void)FS_OTG_REGISTER(rcc + 0xD8u);
}

#endif

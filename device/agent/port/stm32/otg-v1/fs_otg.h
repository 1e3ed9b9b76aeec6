/* OTG_FS of STM32F427 (RM0090 sections 6.3, 34.16): its base, its clock, and how it is told that VBUS is
 * there. The PLL's 48 MHz output has to run. Not executed. */
#ifndef FS_OTG_H
#define FS_OTG_H

#include <stdint.h>

#define FS_OTG_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define FS_OTG 0x50000000u
#define FS_OTG_GPIO 0x40020000u /* GPIOA: PA11, PA12, function 10 */
#define FS_OTG_CORE_CONFIG (1u << 16 | 1u << 21) /* GCCFG: PWRDWN (transceiver on), NOVBUSSENS */
#define FS_OTG_CONTROL 0u

static inline void fs_otg_clock(void) {
  FS_OTG_REGISTER(0x40023800u + 0x30u) |= 1u << 0; /* AHB1ENR.GPIOAEN */
  FS_OTG_REGISTER(0x40023800u + 0x34u) |= 1u << 7; /* AHB2ENR.OTGFSEN */
  (void)FS_OTG_REGISTER(0x40023800u + 0x34u);
}

#endif

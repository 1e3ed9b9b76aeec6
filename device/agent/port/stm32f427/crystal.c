/*
 * 48 MHz for USB on an STM32F427: the PLL from the board's oscillator instead of the internal one, core and
 * buses as fast as before. RM0090 6.3 (RCC), 6.2.11 (measurement by TIM11), 18.6 (TIM11). The oscillator is
 * measured first: one with another frequency than the settings say would run the core beyond its limit.
 */
#include "fs_board.h"
#include "fs_otg.h"
#include "fs_stm32.h"

#define CR (FS_RCC + 0x00u)
#define PLLCFGR (FS_RCC + 0x04u)
#define CFGR (FS_RCC + 0x08u)
#define CR_CRYSTAL_ON (1u << 16)
#define CR_CRYSTAL_READY (1u << 17)
#define CR_BYPASS (1u << 18)
#define CR_PLL_ON (1u << 24)
#define CR_PLL_READY (1u << 25)
#define CFGR_SWITCH 3u
#define CFGR_PLL 2u
#define CFGR_IN_USE (3u << 2)
#define CFGR_RTC_DIVIDER_AT 16u
#define CFGR_RTC_DIVIDER (31u << CFGR_RTC_DIVIDER_AT)
/* 1 MHz * 336 / 2 = 168 MHz, / 7 = 48 MHz; PLLSRC: the external oscillator. */
#define PLL_FROM_CRYSTAL(megahertz) ((megahertz) | 336u << 6 | 7u << 24 | 1u << 22)

#define TIM11 0x40014800u
#define TIM11_CLOCK (1u << 18) /* APB2ENR */
#define TIMER_CR1 (TIM11 + 0x00u)
#define TIMER_SR (TIM11 + 0x10u)
#define TIMER_CCMR1 (TIM11 + 0x18u)
#define TIMER_CCER (TIM11 + 0x20u)
#define TIMER_CCR1 (TIM11 + 0x34u)
#define TIMER_OR (TIM11 + 0x50u)
#define CAPTURED (1u << 1)
#define CAPTURE_EVERY_8 (1u | 3u << 2)
#define CRYSTAL_DIVIDED 2u
/* Eight periods of 1 MHz at 168 MHz, and a tenth of it: the internal oscillator drifts by 8 % (DS9405). */
#define TICKS_WANTED 1344u
#define TICKS_APART 134u

#define MEGAHERTZ 1000000u
#define LEAST_MEGAHERTZ 4u
#define MOST_MEGAHERTZ 26u

/* FS_NO: nothing was captured. */
static fs_answer capture(uint32_t *ticks) {
  if (fs_otg_await(TIMER_SR, CAPTURED, CAPTURED) != FS_YES) return FS_NO;
  *ticks = FS_REGISTER(TIMER_CCR1); /* takes the flag back */
  return FS_YES;
}

/* FS_YES: the oscillator, divided to 1 MHz, has about that against the internal one. */
static fs_answer is_as_said(uint32_t megahertz) {
  uint32_t first = 0;
  uint32_t second = 0;
  fs_answer both = FS_NO;
  FS_REGISTER(CFGR) = (FS_REGISTER(CFGR) & ~CFGR_RTC_DIVIDER) | megahertz << CFGR_RTC_DIVIDER_AT;
  FS_RCC_APB2ENR |= TIM11_CLOCK;
  (void)FS_RCC_APB2ENR;
  FS_REGISTER(TIMER_OR) = CRYSTAL_DIVIDED;
  FS_REGISTER(TIMER_CCMR1) = CAPTURE_EVERY_8;
  FS_REGISTER(TIMER_CCER) = 1;
  FS_REGISTER(TIMER_CR1) = 1;
  if (capture(&first) == FS_YES) both = capture(&second);
  FS_REGISTER(TIMER_CR1) = 0;
  FS_RCC_APB2ENR &= ~TIM11_CLOCK;
  if (both != FS_YES) return FS_NO;
  /* The counter has 16 bits. Below the least the difference wraps to a large value. */
  return ((second - first) & 0xFFFFu) - (TICKS_WANTED - TICKS_APART) <= 2u * TICKS_APART ? FS_YES : FS_NO;
}

static void use(uint32_t source) {
  FS_REGISTER(CFGR) = (FS_REGISTER(CFGR) & ~CFGR_SWITCH) | source;
  (void)fs_otg_await(CFGR, CFGR_IN_USE, source << 2);
}

/* With the core on the internal oscillator meanwhile. FS_NO: the PLL did not lock. */
static fs_answer lock(uint32_t configuration) {
  FS_REGISTER(CR) &= ~CR_PLL_ON;
  (void)fs_otg_await(CR, CR_PLL_READY, 0);
  FS_REGISTER(PLLCFGR) = configuration;
  FS_REGISTER(CR) |= CR_PLL_ON;
  return fs_otg_await(CR, CR_PLL_READY, CR_PLL_READY);
}

fs_answer fs_crystal_start(const fs_board_usb *board) {
  uint32_t megahertz = board->crystal_hz / MEGAHERTZ;
  uint32_t before = FS_REGISTER(PLLCFGR);
  fs_answer works;
  if (board->oscillator == 0 || board->crystal_hz % MEGAHERTZ != 0) return FS_NO;
  if (megahertz < LEAST_MEGAHERTZ || megahertz > MOST_MEGAHERTZ) return FS_NO;
  FS_REGISTER(CR) |= CR_CRYSTAL_ON | (board->oscillator == 2u ? CR_BYPASS : 0);
  works = fs_otg_await(CR, CR_CRYSTAL_READY, CR_CRYSTAL_READY);
  /* Defence crystal-measured */
  if (works == FS_YES) works = is_as_said(megahertz);
  if (works == FS_YES) {
    use(0);
    works = lock(PLL_FROM_CRYSTAL(megahertz));
    if (works != FS_YES) (void)lock(before);
    use(CFGR_PLL);
  }
  if (works != FS_YES) FS_REGISTER(CR) &= ~(CR_CRYSTAL_ON | CR_BYPASS);
  return works;
}

/*
 * Hand-over of the STM32F427. An image linked at 0x08000000 is stored in bank 2, and starts with the banks'
 * addresses swapped: SYSCFG_MEMRMP.FB_MODE, RM0090 9.2.1. Of the slots with the stored address, the one is
 * meant in whose linked range the image's reset handler lies.
 */
#include "fs_chip_facts.h"
#include "fs_stm32.h"

#define MEMRMP (FS_SYSCFG + 0x00u)

typedef struct {
  uint32_t link;
  uint32_t swap;
} slot;

#define X(store, bytes, link, swap) {link, swap},
/* Of each of fs_app_slots. */
static const slot slots[FS_APP_SLOT_COUNT] = {FS_APP_SLOTS(X)};
#undef X

void fs_port_boot_application(uint32_t decided) {
  uint32_t entry = FS_FLOW_ENTRY(decided);
  uint32_t stack;
  uint32_t program;
  uint32_t i;
  if (entry != decided) fs_system_reset(); /* a bit of the word flipped: it may be another application's address */
  stack = FS_REGISTER(entry);
  program = FS_REGISTER(entry + 4u);
  fs_watchdog_feed();
  fs_chip_stop();
  fs_forget_faults();
  for (i = 0; i < FS_APP_SLOT_COUNT; i++) {
    const fs_range *stored = &fs_app_slots[i];
    const slot *s = &slots[i];
    /* Differences wrap to large values when the address lies below the range. */
    if (entry - stored->start >= stored->length || program - s->link >= stored->length) continue;
    if (s->swap) {
      FS_RCC_APB2ENR = FS_APB2_SYSCFG;
      (void)FS_RCC_APB2ENR;
    }
    fs_handover(stack, program, s->link + (entry - stored->start), s->swap ? MEMRMP : 0u);
  }
  fs_system_reset();
}

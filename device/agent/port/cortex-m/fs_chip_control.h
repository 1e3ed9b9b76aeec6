/*
 * Between the parts of a port: what startup, fault handling and main ask of the chip's
 * files beyond core/fs_port.h.
 */
#ifndef FS_CHIP_CONTROL_H
#define FS_CHIP_CONTROL_H

#include "fs_result.h"

/* First instructions after reset, before RAM may be written. Uses no stack and no data. */
void fs_chip_before_ram(void);

/* Full clock, as the link and the flash timing need it. */
void fs_chip_start(void);

/* Every register that the port touched is as after a reset, so that an application starts on a fresh chip. */
void fs_chip_stop(void);

/* Takes back the cause of a non-maskable interrupt. */
void fs_chip_clear_nmi(void);

/* The link: pins and peripheral. Does nothing when it was started before. */
void fs_link_start(void);
/* Puts the peripheral back as after a reset; its pins are fs_chip_stop's. */
void fs_link_stop(void);
/* The byte that came, or a negative value. */
int32_t fs_link_poll(void);

/* The listen window after a reset, in which a host may ask for the agent although an application stands. */
void fs_listen_begin(void);
/* FS_YES while it lasts; FS_NO at once where the board has none. Lets no time pass by itself. */
fs_answer fs_listen_goes_on(void);
/* Gives the timer back. */
void fs_listen_end(void);

/* Resets the chip when the agent hangs. Cannot be stopped again, so it is started after
 * the decision not to boot. */
void fs_watchdog_start(void);
/* First of all: a watchdog that hardware started gets the same time. */
void fs_watchdog_meet(void);
/* Does no harm when it was not started. */
void fs_watchdog_feed(void);

void fs_main(void) __attribute__((noreturn));

#endif

/*
 * The agent as a USB device, independent of the controller: spec/link.md section 5. A driver hands over the
 * control requests of endpoint 0 and carries the answers; only SET_ADDRESS is its own.
 */
#ifndef FS_USB_H
#define FS_USB_H

#include "fs_usb_request.h"

#define FS_USB_SETUP_SIZE 8u

/*
 * A control request: the 8 bytes of its setup packet, and the data stage of an OUT request, which the core
 * copies. FS_YES: the answer for an IN request (at most wLength bytes, valid until the next call), an empty
 * status stage for an OUT request. FS_NO: STALL.
 */
fs_answer fs_usb_control(const uint8_t setup[FS_USB_SETUP_SIZE], fs_view data, fs_view *answer);

/* To be called once the answer reached the host: the work that it announced. May end in a reset. */
void fs_usb_after(void);

/* A reset of the bus: not configured, and no download is open. */
void fs_usb_reset(void);

/* The bus is idle: a host that sleeps, or a cable that was pulled. A download ends, with its keys; the UART
 * takes frames again. */
void fs_usb_suspend(void);

#endif

/* A port without USB: otg-v1 and otg-v2 have one. */
#ifndef FS_USB_BUS_H
#define FS_USB_BUS_H

static inline void fs_usb_bus_start(void) {}
static inline void fs_usb_bus_poll(void) {}

#endif

/*
 * The agent on the USB connector: endpoint 0 of an OTG full-speed core in device mode, polled. Executed on a
 * model of the registers (packages/virtual-stm32/src/peripherals/usb-core.ts), on no chip so far.
 */
#ifndef FS_USB_BUS_H
#define FS_USB_BUS_H

/* Clock, pins and core, where the board's settings ask for USB and 48 MHz can be had. A core that does not
 * start leaves USB off and everything else alive. Does nothing when it was called before. */
void fs_usb_bus_start(void);

/* Serves what the host did since the last call; requests, and the work that an answer announced, are done
 * before it returns. Does nothing while USB is off. */
void fs_usb_bus_poll(void);

#endif

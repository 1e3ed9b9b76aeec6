/* Endpoint 0 of an OTG full-speed core in device mode, polled. NOT EXECUTED on any chip or model so far: it
 * compiles, no more is known. No build of the agent uses it yet. */
#ifndef FS_OTG_DRIVER_H
#define FS_OTG_DRIVER_H

/* Clock, pins, core, pull-up. A 48 MHz clock has to be there where fs_otg.h says so. */
void fs_otg_start(void);

/* Serves what the host sent since the last call; requests are handled before it returns. */
void fs_otg_poll(void);

#endif

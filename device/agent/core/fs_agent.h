/* The agent's entry points, for a port's main. Everything else in core/ is called from these. */
#ifndef FS_AGENT_H
#define FS_AGENT_H

#include "fs_boot.h"
#include "fs_link.h"
#include "fs_usb.h"

/* After reset: boots the application and does not return, or returns to wait on the link. */
#define fs_agent_boot fs_boot
/* The same in two steps, to listen in between. */
#define fs_agent_boot_prepare fs_boot_prepare
#define fs_agent_boot_start fs_boot_start
/* FS_YES once a request was answered since the reset. */
#define fs_agent_was_asked fs_link_was_asked
/* Bytes from the host. */
#define fs_agent_receive fs_link_receive
/* Control requests of a USB host, and the work that an answer announced; for ports with a USB controller. */
#define fs_agent_usb_control fs_usb_control
#define fs_agent_usb_after fs_usb_after
/* What happens to the bus. */
#define fs_agent_usb_reset fs_usb_reset
#define fs_agent_usb_suspend fs_usb_suspend

#endif

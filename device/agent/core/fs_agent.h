/* The agent's entry points, for a port's main. Everything else in core/ is called from these. */
#ifndef FS_AGENT_H
#define FS_AGENT_H

#include "fs_boot.h"
#include "fs_link.h"
#include "fs_usb.h"

/* After reset: boots the application and does not return, or returns to wait on the link. */
#define fs_agent_boot fs_boot
/* Bytes from the host. */
#define fs_agent_receive fs_link_receive
/* Control requests of a USB host, and the work that an answer announced; for ports with a USB controller. */
#define fs_agent_usb_control fs_usb_control
#define fs_agent_usb_after fs_usb_after

#endif

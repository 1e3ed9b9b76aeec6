/*
 * The anchor (spec/anchor.md): what runs first after a reset, and cannot be changed. It checks
 * the agent in slot A, replaces it by a newer one from slot B, puts slot B back, starts the
 * agent; with none left it loads one.
 */
#ifndef FS_ANCHOR_H
#define FS_ANCHOR_H

#include "fs_agent_image.h"
#include "fs_flow.h"

/* The sum that the flow word has once slot A was checked, in both passes. */
#define FS_FLOW_ANCHOR 0x8d52c3b7u
#define FS_FLOW_ANCHOR_DONE (FS_FLOW_ANCHOR + 2u * FS_STEP_IMAGE)
/* While another image is checked: what follows from that is checked again in slot A. */
#define FS_FLOW_ANCHOR_OTHER 0xd93a6c15u

/* The address of the agent's vector table; garbage unless slot A was checked. Ports call it. */
#define FS_FLOW_VECTORS(vectors) FS_FLOW_BIND(vectors, FS_FLOW_ANCHOR_DONE)

/* After a reset: starts the agent and does not return, or returns when no slot has one. */
void fs_anchor_boot(void);

/* What a port does for the anchor alone: hands over to the agent whose vector table stands there, which it
 * takes through FS_FLOW_VECTORS. Where that is not the address given, it resets the chip. */
void fs_port_boot_agent(uint32_t vectors) __attribute__((noreturn));

#endif

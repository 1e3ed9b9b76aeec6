/* The DFU states and class requests over both alternate settings: spec/link.md
 * sections 5.2 to 5.4, DFU 1.1. */
#ifndef FS_DFU_H
#define FS_DFU_H

#include "fs_usb_request.h"

/* An alternate setting was chosen: idle, and a download that was open is over. */
void fs_dfu_select(uint32_t chosen);
uint32_t fs_dfu_alternate(void);

/* As fs_usb_control, for class requests. */
fs_answer fs_dfu_request(const fs_usb_setup *setup, fs_view data, fs_view *answer);

/* The work that the answer given last announced. */
void fs_dfu_after(void);

/* The fault that led to dfuERROR and the record that was awaited then; kept until
 * the next download begins. */
uint32_t fs_dfu_fault(void);
uint32_t fs_dfu_fault_detail(void);

#endif

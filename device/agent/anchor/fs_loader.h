/* The loader of the anchor: takes an agent over the link where no slot has one (spec/anchor.md section 4). */
#ifndef FS_LOADER_H
#define FS_LOADER_H

#include <stdint.h>

/* Bytes from the host; answers are sent before it returns. Resets the chip once an agent was loaded. */
void fs_loader_receive(const uint8_t *bytes, uint32_t length);

#endif

/* The status that a DFU host gets for a fault: the table of spec/link.md section 5.5. */
#ifndef FS_DFU_STATUS_H
#define FS_DFU_STATUS_H

#include "fs_result.h"

/* Status codes, DFU 1.1 section 6.1.2. */
enum {
  FS_DFU_OK = 0x00,
  FS_DFU_TARGET = 0x01,
  FS_DFU_FILE = 0x02,
  FS_DFU_WRITE = 0x03,
  FS_DFU_ERASE = 0x04,
  FS_DFU_VERIFY = 0x07,
  FS_DFU_NOTDONE = 0x09,
  FS_DFU_FIRMWARE = 0x0a,
  FS_DFU_VENDOR = 0x0b,
  FS_DFU_POWER_ON = 0x0d,
  FS_DFU_UNKNOWN = 0x0e,
  FS_DFU_STALLED = 0x0f
};

uint8_t fs_dfu_status(fs_result fault);

#endif

/* Accepting a license: spec/license.md section 4. The unwrap is journaled before the key is opened. */
#ifndef FS_LICENSE_H
#define FS_LICENSE_H

#include "fs_area.h"

/* Per-device data, one view for each area of kind 3 in order, into the bundle's buffer. */
typedef struct {
  fs_view data[FS_AREA_MAX];
  uint32_t count;
} fs_device_data;

/* Checks the bundle against the accepted package and derives the keys of the session. The bundle's buffer is
 * overwritten: it holds the per-device data afterwards, and the caller wipes it. */
fs_result fs_license_accept(fs_buffer bundle, fs_device_data *data);

#endif

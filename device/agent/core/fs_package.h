/* Accepting a package header: spec/package.md section 6, steps 1 to 10. Changes
 * nothing but root and epoch. */
#ifndef FS_PACKAGE_H
#define FS_PACKAGE_H

#include "fs_bytes.h"

/* The longest header that is taken; longer ones are refused. */
#define FS_PACKAGE_HEADER_MAX 4096u

/* The header as in section 1, H bytes. On FS_OK a license is awaited. */
fs_result fs_package_accept(fs_view header);

/* The license bundle that the header carries, in place. FS_ERR_PACKAGE_LICENSE_MISSING. */
fs_result fs_package_license(fs_buffer header, fs_buffer *license);

#endif

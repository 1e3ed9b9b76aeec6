/* How long the steps of an install take, for the poll time-outs of USB: spec/link.md section 5.2. On the slow
 * side of the chips, but for records: a host that asks too early is held back by the bus until the agent
 * listens again, and one that waits too long, 256 times for 1 MiB, is slower than the flash. */
#ifndef FS_ESTIMATE_H
#define FS_ESTIMATE_H

#include <stdint.h>

/* One pass over a header or a license: three signatures at most (0.7 s each on the slowest chip, which has no
 * USB; the chips with USB do both passes in this time). A record where computing and flash are fast. */
#define FS_ESTIMATE_PACKAGE_MS 2000u
#define FS_ESTIMATE_RECORD_MS 10u
/* The check of an agent's image: two passes over two signatures, and the hash of its code. */
#define FS_ESTIMATE_IMAGE_MS 4000u

/* License of the accepted package: signatures and the envelope. The first record in an erase unit may take
 * seconds more, less than the five that a host allows a transfer. */
uint32_t fs_estimate_license_ms(void);
/* The last record: digests of all areas, the valid record. */
uint32_t fs_estimate_finish_ms(void);
/* Whatever request ends in these bytes of a frame. */
uint32_t fs_estimate_frame_ms(void);

#endif

/* How long the steps of an install take, for the poll time-outs of USB: spec/link.md section 5.2. What the
 * fast chips need: a host that asks too early is held back by the bus until the agent listens again, and one
 * that waits too long loses the time. Erases of several units in one step are announced in full. */
#ifndef FS_ESTIMATE_H
#define FS_ESTIMATE_H

#include <stdint.h>

/* For pending answers: one pass over a header or a license, three signatures at most (0.7 s each on the
 * slowest chip). A record, without an erase. */
#define FS_ESTIMATE_PACKAGE_MS 2000u
#define FS_ESTIMATE_RECORD_MS 10u
/* Both passes over a header, for USB. */
#define FS_ESTIMATE_HEADER_MS 200u
/* The check of an agent's image: two passes over two signatures, and the hash of its code. */
#define FS_ESTIMATE_IMAGE_MS 4000u

/* License of the accepted package: signatures, the envelope, and what it erases. */
uint32_t fs_estimate_license_ms(void);
/* The last record: digests of all areas, the valid record. */
uint32_t fs_estimate_finish_ms(void);
/* Whatever request ends in these bytes of a frame. */
uint32_t fs_estimate_frame_ms(void);

#endif

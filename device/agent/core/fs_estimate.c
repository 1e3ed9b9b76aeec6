/* See fs_estimate.h. */
#include "fs_estimate.h"

#include "fs_session.h"

#define SIGNATURES_MS 1000u
#define OTHER_MS 10u
#define DIGEST_BYTES_A_MS 256u

static uint32_t digest_ms(void) {
  uint32_t total = 0;
  uint32_t i;
  for (i = 0; i < fs_session.manifest.area_count; i++)
    total += fs_session.manifest.areas[i].length / DIGEST_BYTES_A_MS;
  return total;
}

uint32_t fs_estimate_license_ms(void) { return 2u * SIGNATURES_MS; }

uint32_t fs_estimate_finish_ms(void) { return SIGNATURES_MS + digest_ms(); }

uint32_t fs_estimate_frame_ms(void) {
  if (fs_session.phase == FS_PHASE_PACKAGE) return fs_estimate_license_ms();
  if (fs_session.phase != FS_PHASE_RECORDS) return OTHER_MS;
  return fs_session.next_index + 1u < fs_session.manifest.record_count ? FS_ESTIMATE_RECORD_MS : fs_estimate_finish_ms();
}

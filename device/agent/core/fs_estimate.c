/* See fs_estimate.h. */
#include "fs_estimate.h"

#include "fs_session.h"

#define SIGNATURES_MS 100u
#define OTHER_MS 10u
#define DIGEST_BYTES_A_MS 4096u
/* 128 KiB in 2 seconds, the longest: several units in one step can take longer than a
 * host allows a transfer. */
#define ERASE_BYTES_A_MS 64u

/* What a license erases: all that another install left, else what no record brings,
 * and the place of an agent. */
static uint32_t erase_ms(void) {
  uint32_t total = 0;
  uint32_t i;
  for (i = 0; i < fs_session.manifest.area_count; i++) {
    const fs_area *area = &fs_session.manifest.areas[i];
    fs_erase_unit units;
    if (area->kind == FS_AREA_FIRMWARE && fs_now.life_cycle != FS_LIFE_INSTALLING) continue;
    if (fs_area_units(area, &units) == FS_OK) total += (units.end - units.start) / ERASE_BYTES_A_MS;
  }
  return total;
}

static uint32_t digest_ms(void) {
  uint32_t total = 0;
  uint32_t i;
  for (i = 0; i < fs_session.manifest.area_count; i++)
    total += fs_session.manifest.areas[i].length / DIGEST_BYTES_A_MS;
  return total;
}

uint32_t fs_estimate_license_ms(void) { return 2u * SIGNATURES_MS + erase_ms(); }

uint32_t fs_estimate_finish_ms(void) { return SIGNATURES_MS + digest_ms(); }

uint32_t fs_estimate_frame_ms(void) {
  if (fs_session.phase == FS_PHASE_PACKAGE) return fs_estimate_license_ms();
  if (fs_session.phase != FS_PHASE_RECORDS) return OTHER_MS;
  return fs_session.next_index + 1u < fs_session.manifest.record_count ? FS_ESTIMATE_RECORD_MS : fs_estimate_finish_ms();
}

/* The signed manifest: spec/package.md section 6, steps 3 to 6. What depends on the
 * chip's state is fs_package. */
#ifndef FS_MANIFEST_H
#define FS_MANIFEST_H

#include "fs_area.h"
#include "fs_delegation.h"
#include "fs_policy.h"

enum { FS_INTERRUPTION_ERASE = 1, FS_INTERRUPTION_RESUME = 2, FS_INTERRUPTION_TRIAL = 3 };
enum { FS_BOOT_RECORD = 1, FS_BOOT_DIGEST = 2 };

#define FS_RECORD_MAX 65535u

/* What an install needs of a manifest; nothing points into the message that carried it. */
typedef struct {
  uint8_t digest[FS_HASH_SIZE];
  uint8_t core_digest[FS_HASH_SIZE];
  uint8_t first_record[FS_HASH_SIZE];
  uint8_t salt[FS_HASH_SIZE];
  uint8_t commitment[FS_HASH_SIZE];
  uint8_t grant[FS_HASH_SIZE];
  fs_answer chip_listed;
  uint32_t security_counter;
  uint32_t chunk_size;
  uint32_t entry;
  uint32_t least_readout;
  uint32_t interruption;
  uint32_t least_agent;
  uint32_t boot_check;
  uint32_t record_count;
  uint32_t area_count;
  uint32_t requirement_count;
  fs_area areas[FS_AREA_MAX];
  fs_requirement requirements[FS_REQUIREMENT_MAX];
} fs_manifest;

/* FS_YES for a package that brings an agent; the manifest was verified. */
fs_answer fs_manifest_is_agent(const fs_manifest *manifest);

fs_result fs_manifest_verify(fs_view object, const fs_delegation *signer, fs_manifest *manifest);

#endif

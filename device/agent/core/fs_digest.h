/* Digests recomputed from flash: the keyed digest of each area, and the one MAC over firmware and per-device
 * data that boot check 2 and receipts compare with: spec/receipt.md section 2. */
#ifndef FS_DIGEST_H
#define FS_DIGEST_H

#include "fs_area.h"
#include "fs_crypto.h"

/* HMAC under the device key of the SHA-256 of every area of firmware and per-device data, in order. */
fs_result fs_digest_measure(const fs_area *areas, uint32_t count, uint8_t mac[FS_HASH_SIZE]);

/* Compares the keyed digest of each of these areas with the accepted manifest and license, and gives the MAC
 * as above. FS_ERR_AREA_DIGEST_WRONG. */
fs_result fs_digest_check_areas(uint8_t mac[FS_HASH_SIZE]);

#endif

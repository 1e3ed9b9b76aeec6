/* Digests recomputed from flash: the keyed digest of each area, and the MAC of all
 * firmware for boot check 2. */
#ifndef FS_DIGEST_H
#define FS_DIGEST_H

#include "fs_area.h"
#include "fs_crypto.h"

/* HMAC under the device key of the SHA-256 of every firmware area, in order. */
fs_result fs_digest_firmware(const fs_area *areas, uint32_t count, uint8_t mac[FS_HASH_SIZE]);

/* Compares the keyed digest of every firmware area with the accepted manifest, and gives the MAC as above.
 * FS_ERR_AREA_DIGEST_WRONG. */
fs_result fs_digest_check_areas(uint8_t mac[FS_HASH_SIZE]);

#endif

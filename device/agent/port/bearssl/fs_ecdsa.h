/* The port's signatures (fs_ecdsa.c), and the order of the group. */
#ifndef FS_ECDSA_H
#define FS_ECDSA_H

#include "fs_crypto.h"

/* Order n of the group, big-endian (SEC 2, section 2.4.2). */
extern const uint8_t fs_order[FS_SCALAR_SIZE];

/* FS_YES when 1 <= scalar < n; the time does not depend on it. */
fs_answer fs_scalar_in_range(const uint8_t scalar[FS_SCALAR_SIZE]);

/* r || s over a hash. The key is in range; the caller verifies the signature before it gives it away. */
fs_result fs_ecdsa_sign(const uint8_t key[FS_SCALAR_SIZE], const uint8_t hedge[FS_HASH_SIZE],
                        const uint8_t hash[FS_HASH_SIZE], uint8_t signature[FS_SIGNATURE_SIZE]);

#endif

/* SHA-256 of one piece of memory. */
#ifndef FS_HASH_H
#define FS_HASH_H

#include "fs_crypto.h"

void fs_hash_of(const void *bytes, uint32_t length, uint8_t hash[FS_HASH_SIZE]);

#endif

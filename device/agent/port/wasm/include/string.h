/* The functions of string.h that the core uses; defined in ../memory.c, since this port has no C library. */
#ifndef FS_WASM_STRING_H
#define FS_WASM_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);

#endif

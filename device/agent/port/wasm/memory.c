/* memcpy, memmove and memset for a target without a C library. */
#include <stdint.h>
#include <string.h>

void *memcpy(void *to, const void *from, size_t length) { return memmove(to, from, length); }

__attribute__((no_builtin)) void *memmove(void *to, const void *from, size_t length) {
  uint8_t *t = to;
  const uint8_t *f = from;
  size_t i;
  if ((uintptr_t)t <= (uintptr_t)f)
    for (i = 0; i < length; i++) t[i] = f[i];
  else
    for (i = length; i-- > 0;) t[i] = f[i];
  return to;
}

__attribute__((no_builtin)) void *memset(void *to, int value, size_t length) {
  uint8_t *t = to;
  size_t i;
  for (i = 0; i < length; i++) t[i] = (uint8_t)value;
  return to;
}

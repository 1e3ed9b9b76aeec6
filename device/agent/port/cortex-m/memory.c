/*
 * What core and BearSSL need of the C library, in 120 bytes instead of newlib's 900. Every byte of firmware
 * is copied twice, into the hash of its record and of its area: memcpy and memset go by words where both ends
 * are on one. The rest goes by bytes.
 */
#include <stdint.h>
#include <string.h>

/* Or gcc would see memcpy in the loop of memcpy, and call it. */
#define AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))

typedef uint32_t __attribute__((may_alias)) word;

AS_WRITTEN void *memcpy(void *to, const void *from, size_t length) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if ((((uintptr_t)t | (uintptr_t)f) & 3u) == 0)
    for (; length >= sizeof(word); length -= sizeof(word), t += sizeof(word), f += sizeof(word))
      *(word *)t = *(const word *)f;
  while (length-- > 0) *t++ = *f++;
  return to;
}

AS_WRITTEN void *memmove(void *to, const void *from, size_t length) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if ((uintptr_t)t <= (uintptr_t)f) return memcpy(to, from, length);
  while (length-- > 0) t[length] = f[length];
  return to;
}

AS_WRITTEN void *memset(void *to, int value, size_t length) {
  uint8_t *t = to;
  const word four = (uint32_t)(uint8_t)value * 0x01010101u;
  if (((uintptr_t)t & 3u) == 0)
    for (; length >= sizeof(word); length -= sizeof(word), t += sizeof(word)) *(word *)t = four;
  while (length-- > 0) *t++ = (uint8_t)value;
  return to;
}

AS_WRITTEN size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* See fs_bytes.h. */
#include "fs_bytes.h"

/* Words that may lie over bytes. */
typedef uint32_t __attribute__((may_alias)) word;

fs_answer fs_equal(const uint8_t *a, const uint8_t *b, uint32_t length) {
  volatile uint32_t difference = 0;
  uint32_t i = 0;
  if ((((uintptr_t)a | (uintptr_t)b) % sizeof(word)) == 0)
    for (; i + sizeof(word) <= length; i += (uint32_t)sizeof(word))
      difference |= *(const word *)(const void *)(a + i) ^ *(const word *)(const void *)(b + i);
  for (; i < length; i++) difference |= (uint32_t)(a[i] ^ b[i]);
  /* A loop that was left early by a fault must not look like equality. */
  if (i != length) return FS_NO;
  return difference == 0 ? FS_YES : FS_NO;
}

fs_answer fs_all(const uint8_t *bytes, uint32_t length, uint8_t value) {
  const word four = value * 0x01010101u;
  uint32_t difference = 0;
  uint32_t i = 0;
  if ((uintptr_t)bytes % sizeof(word) == 0)
    for (; i + sizeof(word) <= length; i += (uint32_t)sizeof(word))
      difference |= *(const word *)(const void *)(bytes + i) ^ four;
  for (; i < length; i++) difference |= (uint32_t)(bytes[i] ^ value);
  return difference == 0 ? FS_YES : FS_NO;
}

void fs_wipe(void *bytes, uint32_t length) {
  volatile uint8_t *p = (volatile uint8_t *)bytes;
  uint32_t i = 0;
  if ((uintptr_t)bytes % sizeof(word) == 0)
    for (; i + sizeof(word) <= length; i += (uint32_t)sizeof(word)) *(volatile word *)(p + i) = 0;
  for (; i < length; i++) p[i] = 0;
}

uint32_t fs_get_u32le(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void fs_put_u32le(uint8_t *bytes, uint32_t value) {
  uint32_t i;
  for (i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (8 * i));
}

void fs_put_u32be(uint8_t *bytes, uint32_t value) {
  uint32_t i;
  for (i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

uint32_t fs_crc32(const uint8_t *bytes, uint32_t length) {
  /* Half a byte at a time: a table of 64 bytes instead of 1024. */
  static const uint32_t table[16] = {
      0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
      0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
  uint32_t crc = 0xffffffffu;
  uint32_t i;
  for (i = 0; i < length; i++) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ table[crc & 15u];
    crc = crc >> 4 ^ table[crc & 15u];
  }
  return ~crc;
}

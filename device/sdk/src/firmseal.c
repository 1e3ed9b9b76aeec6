/* SPDX-License-Identifier: MIT-0 */
/* See firmseal.h. */
#include "firmseal.h"

#include <string.h>

#include "firmseal_flash.h"

#define REQUEST_AGENT 0x66734101u
#define REQUEST_RECEIPT 0x66735201u
#define CONFIRM 0x66734301u
#define CONFIRM_BYTES 32u

/* AIRCR: key and SYSRESETREQ (Armv7-M ARM B3.2.6, Armv6-M ARM B3.2.6). */
#define AIRCR FIRMSEAL_REGISTER(0xE000ED0Cu)
#define SYSTEM_RESET 0x05FA0004u

/* The independent watchdog's KR, and the key that feeds it: alike in every family. */
#define WATCHDOG_KEY 0x0000AAAAu

#define STATUS_WORD 0x66735301u
#define STATUS_CRC_BYTES 64u
#define RECEIPT_AT 68u

/* Words of the block: spec/agent.md section 10. */
enum { MAGIC, AGENT_VERSION, LIFE_CYCLE, COUNTER, INSTALLS, EPOCH, ENTRY, RECEIPT_LENGTH, DIGEST, CRC = 16 };

void firmseal_reset(void) {
  __asm__ volatile("dsb" ::: "memory");
  AIRCR = SYSTEM_RESET;
  for (;;) __asm__ volatile("" ::: "memory");
}

static void ask(uint32_t word) {
  firmseal_backup_open();
  FIRMSEAL_REGISTER(FIRMSEAL_REQUEST_REGISTER) = word;
  __asm__ volatile("dsb" ::: "memory");
  firmseal_reset();
}

void firmseal_ask_for_agent(void) {
  ask(REQUEST_AGENT);
  firmseal_reset();
}

void firmseal_ask_for_receipt(void) {
  ask(REQUEST_RECEIPT);
  firmseal_reset();
}

void firmseal_feed_watchdog(void) { FIRMSEAL_REGISTER(FIRMSEAL_WATCHDOG) = WATCHDOG_KEY; }

/* CRC-32/ISO-HDLC. */
static uint32_t crc32(const uint8_t *bytes, uint32_t length) {
  uint32_t crc = 0xFFFFFFFFu;
  uint32_t i, bit;
  for (i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

firmseal_result firmseal_read_status(firmseal_status *status) {
  const uint32_t *block = (const uint32_t *)FIRMSEAL_STATUS_START;
  const uint8_t *bytes = (const uint8_t *)block;
  uint32_t length = block[RECEIPT_LENGTH];
  if (block[MAGIC] != STATUS_WORD || block[CRC] != crc32(bytes, STATUS_CRC_BYTES)) return FIRMSEAL_NOTHING_THERE;
  status->agent_version = block[AGENT_VERSION];
  status->life_cycle = block[LIFE_CYCLE];
  status->security_counter = block[COUNTER];
  status->install_count = block[INSTALLS];
  status->epoch = block[EPOCH];
  status->entry = block[ENTRY];
  memcpy(status->manifest_digest, block + DIGEST, sizeof status->manifest_digest);
  status->receipt = 0;
  status->receipt_length = 0;
  if (length == 0 || length > FIRMSEAL_STATUS_LENGTH - RECEIPT_AT) return FIRMSEAL_OK;
  status->receipt = bytes + RECEIPT_AT;
  status->receipt_length = length;
  return FIRMSEAL_OK;
}

firmseal_result firmseal_confirm(const void *image_end) {
  uint32_t words[CONFIRM_BYTES / 4];
  /* As stored: exchanging the banks once more undoes it. */
  uint32_t end = firmseal_seen_at((uint32_t)image_end - 1u) + 1u;
  firmseal_unit unit;
  uint32_t place, i;
  if (firmseal_unit_of(end - 1u, &unit) != FIRMSEAL_OK || end > unit.end - CONFIRM_BYTES) return FIRMSEAL_NO_PLACE;
  place = unit.end - CONFIRM_BYTES;
  for (i = 0; i < CONFIRM_BYTES / 4; i++) words[i] = CONFIRM;
  if (memcmp((const void *)firmseal_seen_at(place), words, sizeof words) == 0) return FIRMSEAL_OK;
  if (!firmseal_is_blank(place, CONFIRM_BYTES)) return FIRMSEAL_NOT_BLANK;
  return firmseal_program(place, words, CONFIRM_BYTES);
}

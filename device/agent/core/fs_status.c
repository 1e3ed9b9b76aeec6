/* See fs_status.h. */
#include "fs_status.h"

#include "fs_chip_facts.h"
#include "fs_flow.h"
#include "fs_journal.h"
#include "fs_port.h"
#include "fs_receipt.h"
#include "fs_version.h"

/* "fsS" and a version. */
#define STATUS_WORD 0x66735301u
/* Words, little-endian as every chip here is. */
enum {
  AT_MAGIC,
  AT_AGENT_VERSION,
  AT_LIFE_CYCLE,
  AT_SECURITY_COUNTER,
  AT_INSTALL_COUNT,
  AT_EPOCH,
  AT_ENTRY,
  AT_RECEIPT_LENGTH,
  AT_MANIFEST_DIGEST,
  AT_CRC = AT_MANIFEST_DIGEST + FS_HASH_SIZE / 4u, /* of all before it */
  AT_RECEIPT
};

FS_STATIC_ASSERT(AT_RECEIPT * 4u == 68u);
FS_STATIC_ASSERT(FS_STATUS_LENGTH > AT_RECEIPT * 4u);

/* Length of the receipt; 0 when the application asked for no receipt, or the chip has no receipt to give. */
static uint32_t leave_receipt(uint8_t *place) {
  static const fs_view no_challenge = {0, 0};
  fs_writer writer = fs_writer_open(place, FS_STATUS_LENGTH - AT_RECEIPT * 4u);
  if (fs_port_receipt_requested() != FS_YES) return 0;
  /* The flow word is FS_FLOW_IDLE, as between requests. */
  if (fs_receipt_write(&writer, no_challenge) != FS_OK || writer.status != FS_OK) return 0;
  return fs_flow == FS_FLOW_SIGNED ? writer.length : 0;
}

void fs_status_leave(void) {
  uint32_t *block = fs_port_status_place();
  block[AT_MAGIC] = STATUS_WORD;
  block[AT_AGENT_VERSION] = FS_AGENT_VERSION;
  block[AT_LIFE_CYCLE] = fs_life_number();
  block[AT_SECURITY_COUNTER] = fs_now.security_counter;
  block[AT_INSTALL_COUNT] = fs_now.install_count;
  block[AT_EPOCH] = fs_now.epoch;
  block[AT_ENTRY] = fs_now.entry;
  block[AT_RECEIPT_LENGTH] = leave_receipt((uint8_t *)(block + AT_RECEIPT));
  memcpy(block + AT_MANIFEST_DIGEST, fs_now.manifest_digest, FS_HASH_SIZE);
  block[AT_CRC] = fs_crc32((const uint8_t *)block, AT_CRC * 4u);
}

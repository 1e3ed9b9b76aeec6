/*
 * Test-only export: the check of an agent's image (core/fs_agent_image.h) with the data of an anchor that the
 * host gives. Never part of an agent.
 */
#include "fs_agent_image.h"
#include "fs_anchor_block.h"
#include "fs_flow.h"

#define EXPORT(name) __attribute__((export_name(#name)))

static fs_anchor_data trust;
static fs_agent_facts facts;
static uint8_t head[FS_AGENT_HEAD_BYTES];

EXPORT(image_root) uint8_t *image_root(void) { return trust.root; }
EXPORT(image_product) uint8_t *image_product(void) { return trust.product; }
EXPORT(image_measured) uint8_t *image_measured(void) { return trust.measured; }
EXPORT(image_head) uint8_t *image_head(void) { return head; }

/* The version; all ones less the fault otherwise. The flow word tells whether both passes ended. */
EXPORT(image_check)
uint32_t image_check(uint32_t slot, uint32_t product_length, uint32_t epoch, uint32_t measured_counter, uint32_t held) {
  fs_result result;
  trust.product_length = (uint8_t)product_length;
  trust.epoch = epoch;
  trust.measured_counter = measured_counter;
  FS_FLOW_BEGIN(FS_FLOW_IDLE);
  result = held != 0 ? fs_agent_image_check_held(slot, head, &trust, &facts) : fs_agent_image_check(slot, &trust, &facts);
  if (result != FS_OK) return 0xffffffffu - result;
  if (fs_flow != FS_FLOW_IDLE + 2u * FS_STEP_IMAGE) return 0xffffffffu;
  return facts.version;
}

/* From here on by the data block of the anchor. 0, or the fault. */
EXPORT(anchor_read) uint32_t anchor_read(void) {
  const fs_result result = fs_anchor_block_read(&trust);
  return result == FS_OK ? 0 : result;
}

EXPORT(anchor_signer) uint8_t *anchor_signer(void) { return trust.signer; }

EXPORT(anchor_number) uint32_t anchor_number(uint32_t which) {
  const uint32_t numbers[] = {trust.epoch, trust.measured_counter, trust.product_length, trust.signer_cap};
  return numbers[which];
}

EXPORT(anchor_check) uint32_t anchor_check(uint32_t slot) {
  return image_check(slot, trust.product_length, trust.epoch, trust.measured_counter, 0);
}

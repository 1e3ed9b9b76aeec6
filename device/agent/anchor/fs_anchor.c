/* See fs_anchor.h. */
#include "fs_anchor.h"

#include "fs_anchor_block.h"
#include "fs_chip.h"
#include "fs_slot.h"

/* Slot A passes: in both passes of the check, from the sum on that the jump asks for. */
static fs_result check_a(const fs_anchor_data *trust, fs_agent_facts *facts) {
  FS_FLOW_BEGIN(FS_FLOW_ANCHOR);
  FS_TRY(fs_agent_image_check(FS_AGENT_START, trust, facts));
  FS_FLOW_INSIST(FS_FLOW_ANCHOR_DONE);
  return FS_OK;
}

static fs_result check_b(const fs_anchor_data *trust, fs_agent_facts *facts) {
  fs_result result;
  FS_FLOW_BEGIN(FS_FLOW_ANCHOR_OTHER);
  result = fs_agent_image_check(FS_AGENT_COPY_START, trust, facts);
  FS_FLOW_BEGIN(FS_FLOW_IDLE);
  return result;
}

/* Slot B is newer, or slot A does not pass; or slot B is to be what slot A is. A fault leaves the slot that
 * passes as it is: the same again at the next reset. `here`: of slot A, zeros where it does not pass. */
static void settle(const fs_anchor_data *trust, const fs_agent_facts *here) {
  fs_agent_facts there;
  fs_result b = check_b(trust, &there);
  fs_answer stands = here->code_length != 0 ? FS_YES : FS_NO;
  /* Defence anchor-newer */
  if (b == FS_OK && stands == FS_YES && there.counter <= here->counter) b = FS_ERR_AGENT_IMAGE_UNKNOWN;
  if (b == FS_OK)
    (void)fs_slot_copy(FS_AGENT_COPY_START, FS_AGENT_START, FS_AGENT_HEADER_LENGTH + there.code_length);
  else if (stands == FS_YES)
    (void)fs_slot_copy(FS_AGENT_START, FS_AGENT_COPY_START, FS_AGENT_HEADER_LENGTH + here->code_length);
}

/* Does not return when the flow word says that slot A was checked. */
static void start(void) { fs_port_boot_agent(FS_AGENT_START + FS_AGENT_HEADER_LENGTH); }

void fs_anchor_boot(void) {
  fs_anchor_data trust;
  fs_agent_facts facts;
  (void)fs_anchor_block_read(&trust); /* zeros: no image passes */
  if (check_a(&trust, &facts) == FS_OK && fs_slot_same(FS_AGENT_HEADER_LENGTH + facts.code_length) == FS_YES) start();
  settle(&trust, &facts);
  if (check_a(&trust, &facts) == FS_OK) start();
  FS_FLOW_BEGIN(FS_FLOW_IDLE);
}

/* See core/fs_agent_signer.h. */
#include "fs_agent_signer.h"

#define UNCOMPRESSED 4u

fs_answer fs_agent_signer_known(const uint8_t key[FS_POINT_SIZE], fs_view delegation) {
  uint32_t i;
  if (key[0] != UNCOMPRESSED) return FS_NO;
  /* Where the key stands need not be known: whoever puts it elsewhere still needs its signature. */
  for (i = 0; i + FS_POINT_SIZE <= delegation.length; i++)
    if (delegation.data[i] == UNCOMPRESSED && fs_equal(delegation.data + i, key, FS_POINT_SIZE) == FS_YES)
      return FS_YES;
  return FS_NO;
}

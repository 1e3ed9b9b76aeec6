/*
 * The agent signer that the trusted site knew (spec/anchor.md section 2): his key stands in data that nobody
 * can change, so an image of his needs no word of the root. The anchor goes by it at each reset, to start
 * sooner. The agent does not: it asks for the delegation, whose epoch it holds against its own.
 */
#ifndef FS_AGENT_SIGNER_H
#define FS_AGENT_SIGNER_H

#include "fs_crypto.h"

/*
 * FS_YES when `delegation`, as an image brings it, holds `key`, the one of the anchor's data (zeros:
 * they name nobody). Nothing is verified: the caller holds the image's statement against the key of the
 * data, not against one of the image.
 */
fs_answer fs_agent_signer_known(const uint8_t key[FS_POINT_SIZE], fs_view delegation);

#endif

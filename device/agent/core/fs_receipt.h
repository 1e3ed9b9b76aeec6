/* What the chip signs about what it holds: spec/receipt.md. */
#ifndef FS_RECEIPT_H
#define FS_RECEIPT_H

#include "fs_cbor.h"

/* Writes the receipt. Challenge: 32 bytes, or none. FS_ERR_NO_RECEIPT. */
fs_result fs_receipt_write(fs_writer *writer, fs_view challenge);

/* As fs_receipt_write, for the install of the agent that was installed last. */
fs_result fs_receipt_write_agent(fs_writer *writer, fs_view challenge);

#endif

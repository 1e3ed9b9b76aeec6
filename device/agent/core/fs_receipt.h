/* The receipt: the chip's signed statement about its firmware. spec/receipt.md. */
#ifndef FS_RECEIPT_H
#define FS_RECEIPT_H

#include "fs_cbor.h"

/* Writes the receipt. Challenge: 32 bytes, or none. FS_ERR_NO_RECEIPT. */
fs_result fs_receipt_write(fs_writer *writer, fs_view challenge);

#endif

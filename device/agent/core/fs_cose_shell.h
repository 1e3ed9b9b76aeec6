/* What reading and making of signed objects share: the shell around a payload. */
#ifndef FS_COSE_SHELL_H
#define FS_COSE_SHELL_H

#include "fs_cose.h"

/* FS_YES when s, big-endian, is at most half the order. A signature is public: this need
 * not be constant in time. */
fs_answer fs_cose_is_low(const uint8_t s[32]);

/* The protected header {1: -7, 16: typ}, as the content of a byte string. */
void fs_cose_write_protected(fs_writer *writer, fs_typ typ);

/* ["Signature1", protected, h'', payload] up to the payload's content: its length, or
 * 0 where it does not fit. */
uint32_t fs_cose_head(fs_typ typ, uint32_t payload_length, uint8_t *head, uint32_t capacity);

#endif

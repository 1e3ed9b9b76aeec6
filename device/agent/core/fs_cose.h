/*
 * Signed objects: COSE_Sign1 in the one form of spec/encoding.md section 2. Opening and verifying are two
 * steps, since a fault of the shell has another name than one of the signature.
 */
#ifndef FS_COSE_H
#define FS_COSE_H

#include "fs_cbor.h"
#include "fs_crypto.h"

/* Longest wrapping of a payload: tag, array, protected header, unprotected header, heads, signature. */
#define FS_COSE_OVERHEAD 128u

/* The part of the typ behind "application/firmseal-". */
typedef enum {
  FS_TYP_MANIFEST,
  FS_TYP_DELEGATION,
  FS_TYP_EPOCH,
  FS_TYP_ROOT,
  FS_TYP_LICENSE,
  FS_TYP_HELLO,
  FS_TYP_RECEIPT
} fs_typ;

/* Views into the object that was opened; `head` is the Sig_structure up to the payload. */
typedef struct {
  fs_view payload;
  fs_view signature;
  uint8_t head[72];
  uint32_t head_length;
} fs_cose;

/* Takes the object apart: FS_OK, or any other word for a fault of the shell. */
fs_result fs_cose_open(fs_view object, fs_typ typ, uint32_t payload_most, fs_cose *cose);

/* FS_OK when the signature verifies under the key and its s is low. */
fs_result fs_cose_verify(const fs_cose *cose, const uint8_t key[FS_POINT_SIZE]);

/* The digest of the object: SHA-256 of its Sig_structure. */
void fs_cose_digest(const fs_cose *cose, uint8_t digest[FS_HASH_SIZE]);

/* Writes a signed object: begin, then the payload's items, then end with the signing key (32 bytes). */
uint32_t fs_cose_begin(fs_writer *writer, fs_typ typ);
void fs_cose_end(fs_writer *writer, fs_typ typ, uint32_t start, const uint8_t key[FS_SCALAR_SIZE]);

#endif

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
  FS_TYP_RECEIPT,
  FS_TYP_AGENT,
  FS_TYP_RECOVERY
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

/* A pair of keys: the signature is made with one and verified with the other, which is not made from it. */
typedef struct {
  const uint8_t *private_key;
  const uint8_t *public_key;
} fs_signer;

/* Writes a signed object: begin, then the payload's items, sign, end. The caller wipes the private key
 * between the last two, so that a glitch of the writing finds none. `signature` is all zeros unless it was
 * verified. Begins at FS_FLOW_IDLE, and sign ends at FS_FLOW_SIGNED. FS_ERR_RANDOM_FAILED,
 * FS_ERR_INTERNAL_CHECK_FAILED, or the writer's fault. */
uint32_t fs_cose_begin(fs_writer *writer, fs_typ typ);
fs_result fs_cose_sign(fs_writer *writer, fs_typ typ, uint32_t start, const fs_signer *signer,
                       uint8_t signature[FS_SIGNATURE_SIZE]);
fs_result fs_cose_end(fs_writer *writer, const uint8_t signature[FS_SIGNATURE_SIZE]);

/* The parts of a shell that reading and making (fs_cose_sign.c) share. */

/* FS_YES when s, big-endian, is at most half the order. A signature is public: this need
 * not be constant in time. */
fs_answer fs_cose_is_low(const uint8_t s[32]);

/* The protected header {1: -7, 16: typ}, as the content of a byte string. */
void fs_cose_write_protected(fs_writer *writer, fs_typ typ);

/* ["Signature1", protected, h'', payload] up to the payload's content: its length, or
 * 0 where it does not fit. */
uint32_t fs_cose_head(fs_typ typ, uint32_t payload_length, uint8_t *head, uint32_t capacity);

#endif

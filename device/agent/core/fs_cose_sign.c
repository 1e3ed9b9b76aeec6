/* See fs_cose.h: making signed objects. Apart from reading them, which the anchor does too. */
#include "fs_cose.h"

#include "fs_flow.h"
#include "fs_random.h"

static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* s = order - s. */
static void negate(uint8_t s[32]) {
  uint32_t borrow = 0;
  uint32_t i;
  for (i = 32; i-- > 0;) {
    uint32_t difference = 0x100u + order[i] - s[i] - borrow;
    s[i] = (uint8_t)difference;
    borrow = difference < 0x100u ? 1 : 0;
  }
}

uint32_t fs_cose_begin(fs_writer *writer, fs_typ typ) {
  static const uint8_t open[2] = {0xd2, 0x84}; /* tag 18, array of four */
  uint32_t content;
  fs_write_raw(writer, open, sizeof open);
  content = fs_write_bytes_begin(writer);
  fs_cose_write_protected(writer, typ);
  fs_write_bytes_end(writer, content);
  fs_write_map(writer, 0);
  return fs_write_bytes_begin(writer);
}

/* The signature before it is made, which no key verifies. */
static void blank(uint8_t signature[FS_SIGNATURE_SIZE]) { fs_wipe(signature, FS_SIGNATURE_SIZE); }

static fs_result make_signature(const uint8_t key[FS_SCALAR_SIZE], const fs_view parts[2],
                                uint8_t signature[FS_SIGNATURE_SIZE]) {
  uint8_t hedge[FS_HASH_SIZE];
  volatile fs_result made;
  fs_wipe(hedge, sizeof hedge);
  /* Defence sign-hedge */
  FS_TRY(fs_random(hedge, sizeof hedge));
  made = fs_crypto_es256_sign(key, hedge, parts, 2, signature);
  fs_wipe(hedge, sizeof hedge);
  FS_REQUIRE(made == FS_OK, FS_ERR_INTERNAL_CHECK_FAILED);
  if (fs_cose_is_low(signature + 32) != FS_YES) negate(signature + 32);
  return FS_OK;
}

/*
 * The other pass of a signature: making it was the first. A glitch that spoilt the making is refused here,
 * and one that hits here finds a signature that is right; so one verification does.
 */
static fs_result __attribute__((noinline)) check_signature(const uint8_t key[FS_POINT_SIZE], const fs_view parts[2],
                                                           const uint8_t signature[FS_SIGNATURE_SIZE]) {
  FS_DEMAND(fs_cose_is_low(signature + 32) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  /* Defence sign-verified */
  FS_DECIDE_AS(fs_crypto_es256_verify(key, parts, 2, signature), FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_STEP(FS_STEP_SIGN);
  return FS_OK;
}

fs_result fs_cose_sign(fs_writer *writer, fs_typ typ, uint32_t start, const fs_signer *signer,
                       uint8_t signature[FS_SIGNATURE_SIZE]) {
  uint8_t head[72];
  fs_view parts[2];
  volatile fs_result result; /* in memory: looked at twice */
  uint32_t length = writer->length - start;
  fs_write_bytes_end(writer, start);
  FS_TRY(writer->status);
  parts[0].data = head;
  parts[0].length = fs_cose_head(typ, length, head, sizeof head);
  FS_REQUIRE(parts[0].length != 0, FS_ERR_INTERNAL_CHECK_FAILED);
  parts[1].data = writer->data + writer->length - length; /* the content moved when its head was written */
  parts[1].length = length;
  blank(signature);
  result = make_signature(signer->private_key, parts, signature);
  if (result == FS_OK) result = check_signature(signer->public_key, parts, signature);
  if (result != FS_OK) blank(signature);
  FS_TRY(result);
  FS_FLOW_INSIST(FS_FLOW_SIGNED);
  return FS_OK;
}

fs_result fs_cose_end(fs_writer *writer, const uint8_t signature[FS_SIGNATURE_SIZE]) {
  fs_write_bytes(writer, signature, FS_SIGNATURE_SIZE);
  return writer->status;
}

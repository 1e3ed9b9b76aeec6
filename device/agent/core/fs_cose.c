/* See fs_cose.h. */
#include "fs_cose.h"

#include "fs_flow.h"
#include "fs_random.h"

#define TYP_PREFIX "application/firmseal-"

static const char *const typ_names[9] = {
    TYP_PREFIX "manifest", TYP_PREFIX "delegation", TYP_PREFIX "epoch",   TYP_PREFIX "root",
    TYP_PREFIX "license",  TYP_PREFIX "hello",      TYP_PREFIX "receipt", TYP_PREFIX "agent",
    TYP_PREFIX "recovery",
};

/* Half the order of P-256, rounded down: the highest low s. */
static const uint8_t half_order[32] = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
                                       0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* FS_YES when s, big-endian, is at most half the order. A signature is public: this need
 * not be constant in time. */
static fs_answer is_low(const uint8_t s[32]) {
  uint32_t i;
  for (i = 0; i < 32; i++) {
    if (s[i] < half_order[i]) return FS_YES;
    if (s[i] > half_order[i]) return FS_NO;
  }
  return FS_YES;
}

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

/* The protected header {1: -7, 16: typ}, as the content of a byte string. */
static void write_protected(fs_writer *writer, fs_typ typ) {
  fs_write_map(writer, 2);
  fs_write_uint(writer, 1);
  fs_write_negative(writer, 6);
  fs_write_uint(writer, 16);
  fs_write_text(writer, typ_names[typ]);
}

/* ["Signature1", protected, h'', payload] up to the payload's content. */
static uint32_t signature_head(fs_typ typ, uint32_t payload_length, uint8_t *head, uint32_t capacity) {
  fs_writer writer = fs_writer_open(head, capacity);
  uint8_t start[5];
  fs_writer tail = fs_writer_open(start, sizeof start);
  uint32_t content;
  fs_write_array(&writer, 4);
  fs_write_text(&writer, "Signature1");
  content = fs_write_bytes_begin(&writer);
  write_protected(&writer, typ);
  fs_write_bytes_end(&writer, content);
  fs_write_bytes(&writer, 0, 0);
  /* The head of a byte string is that of an integer with another major type. */
  fs_write_uint(&tail, payload_length);
  start[0] |= 0x40u;
  fs_write_raw(&writer, start, tail.length);
  return writer.status == FS_OK ? writer.length : 0;
}

fs_result fs_cose_open(fs_view object, fs_typ typ, uint32_t payload_most, fs_cose *cose) {
  uint8_t expected[40];
  fs_writer writer = fs_writer_open(expected, sizeof expected);
  fs_view item, header;
  fs_cbor cursor;
  uint32_t count;
  /* Tag 18 in its shortest form is the byte 0xd2; what it tags begins at depth 2. */
  FS_REQUIRE(object.length > 1 && object.data[0] == 0xd2, FS_CBOR_SHAPE);
  item.data = object.data + 1;
  item.length = object.length - 1u;
  FS_TRY(fs_cbor_check(item, 2));
  cursor = fs_cbor_open(item);
  FS_TRY(fs_cbor_array(&cursor, 4, 4, &count));
  write_protected(&writer, typ);
  FS_TRY(writer.status);
  FS_TRY(fs_cbor_bytes(&cursor, writer.length, writer.length, &header));
  FS_REQUIRE(fs_equal(header.data, expected, writer.length) == FS_YES, FS_CBOR_SHAPE);
  FS_TRY(fs_cbor_map(&cursor, 0, 0, &count));
  FS_TRY(fs_cbor_bytes(&cursor, 0, payload_most, &cose->payload));
  FS_TRY(fs_cbor_bytes(&cursor, FS_SIGNATURE_SIZE, FS_SIGNATURE_SIZE, &cose->signature));
  FS_TRY(fs_cbor_done(&cursor));
  cose->head_length = signature_head(typ, cose->payload.length, cose->head, sizeof cose->head);
  FS_REQUIRE(cose->head_length != 0, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_cose_verify(const fs_cose *cose, const uint8_t key[FS_POINT_SIZE]) {
  fs_view parts[2];
  FS_DEMAND(is_low(cose->signature.data + 32) == FS_YES, FS_CBOR_SHAPE);
  parts[0].data = cose->head;
  parts[0].length = cose->head_length;
  parts[1] = cose->payload;
  FS_DECIDE(fs_crypto_es256_verify(key, parts, 2, cose->signature.data));
  return FS_OK;
}

void fs_cose_digest(const fs_cose *cose, uint8_t digest[FS_HASH_SIZE]) {
  fs_sha256 hash;
  fs_crypto_sha256_init(&hash);
  fs_crypto_sha256_update(&hash, cose->head, cose->head_length);
  fs_crypto_sha256_update(&hash, cose->payload.data, cose->payload.length);
  fs_crypto_sha256_final(&hash, digest);
}

uint32_t fs_cose_begin(fs_writer *writer, fs_typ typ) {
  static const uint8_t open[2] = {0xd2, 0x84}; /* tag 18, array of four */
  uint32_t content;
  fs_write_raw(writer, open, sizeof open);
  content = fs_write_bytes_begin(writer);
  write_protected(writer, typ);
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
  if (is_low(signature + 32) != FS_YES) negate(signature + 32);
  return FS_OK;
}

/*
 * The other pass of a signature: making it was the first. A glitch that spoilt the making is refused here,
 * and one that hits here finds a signature that is right; so one verification does.
 */
static fs_result __attribute__((noinline)) check_signature(const uint8_t key[FS_POINT_SIZE], const fs_view parts[2],
                                                           const uint8_t signature[FS_SIGNATURE_SIZE]) {
  FS_DEMAND(is_low(signature + 32) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  /* Defence sign-verified */
  FS_DECIDE_AS(fs_crypto_es256_verify(key, parts, 2, signature), FS_ERR_INTERNAL_CHECK_FAILED);
  FS_FLOW_STEP(FS_STEP_SIGN);
  return FS_OK;
}

fs_result fs_cose_end(fs_writer *writer, fs_typ typ, uint32_t start, const fs_signer *signer) {
  uint8_t head[72];
  uint8_t signature[FS_SIGNATURE_SIZE];
  fs_view parts[2];
  volatile fs_result result; /* in memory: looked at twice */
  uint32_t length = writer->length - start;
  fs_write_bytes_end(writer, start);
  FS_TRY(writer->status);
  parts[0].data = head;
  parts[0].length = signature_head(typ, length, head, sizeof head);
  FS_REQUIRE(parts[0].length != 0, FS_ERR_INTERNAL_CHECK_FAILED);
  parts[1].data = writer->data + writer->length - length; /* the content moved when its head was written */
  parts[1].length = length;
  blank(signature);
  result = make_signature(signer->private_key, parts, signature);
  if (result == FS_OK) result = check_signature(signer->public_key, parts, signature);
  if (result != FS_OK) blank(signature);
  FS_TRY(result);
  FS_FLOW_INSIST(FS_FLOW_SIGNED);
  fs_write_bytes(writer, signature, sizeof signature);
  return writer->status;
}

/* See fs_cose.h. */
#include "fs_cose.h"

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

/* FS_YES when s, big-endian, is at most half the order. A signature is public: this need
 * not be constant in time. */
fs_answer fs_cose_is_low(const uint8_t s[32]) {
  uint32_t i;
  for (i = 0; i < 32; i++) {
    if (s[i] < half_order[i]) return FS_YES;
    if (s[i] > half_order[i]) return FS_NO;
  }
  return FS_YES;
}

/* The protected header {1: -7, 16: typ}, as the content of a byte string. */
void fs_cose_write_protected(fs_writer *writer, fs_typ typ) {
  fs_write_map(writer, 2);
  fs_write_uint(writer, 1);
  fs_write_negative(writer, 6);
  fs_write_uint(writer, 16);
  fs_write_text(writer, typ_names[typ]);
}

/* ["Signature1", protected, h'', payload] up to the payload's content. */
uint32_t fs_cose_head(fs_typ typ, uint32_t payload_length, uint8_t *head, uint32_t capacity) {
  fs_writer writer = fs_writer_open(head, capacity);
  uint8_t start[5];
  fs_writer tail = fs_writer_open(start, sizeof start);
  uint32_t content;
  fs_write_array(&writer, 4);
  fs_write_text(&writer, "Signature1");
  content = fs_write_bytes_begin(&writer);
  fs_cose_write_protected(&writer, typ);
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
  fs_cose_write_protected(&writer, typ);
  FS_TRY(writer.status);
  FS_TRY(fs_cbor_bytes(&cursor, writer.length, writer.length, &header));
  FS_REQUIRE(fs_equal(header.data, expected, writer.length) == FS_YES, FS_CBOR_SHAPE);
  FS_TRY(fs_cbor_map(&cursor, 0, 0, &count));
  FS_TRY(fs_cbor_bytes(&cursor, 0, payload_most, &cose->payload));
  FS_TRY(fs_cbor_bytes(&cursor, FS_SIGNATURE_SIZE, FS_SIGNATURE_SIZE, &cose->signature));
  FS_TRY(fs_cbor_done(&cursor));
  cose->head_length = fs_cose_head(typ, cose->payload.length, cose->head, sizeof cose->head);
  FS_REQUIRE(cose->head_length != 0, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_cose_verify(const fs_cose *cose, const uint8_t key[FS_POINT_SIZE]) {
  fs_view parts[2];
  FS_DEMAND(fs_cose_is_low(cose->signature.data + 32) == FS_YES, FS_CBOR_SHAPE);
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

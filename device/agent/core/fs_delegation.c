/* See fs_delegation.h. Each object: its shell, its signature, and only then what it says. */
#include "fs_delegation.h"

#include "fs_hash.h"

#define DELEGATION_PAYLOAD_MOST 256u
#define SUCCESSION_PAYLOAD_MOST 256u
#define EPOCH_PAYLOAD_MOST 128u
/* Array head, role, head and key, head and product, cap. */
#define GRANT_MOST (1u + 1u + 2u + FS_POINT_SIZE + 2u + 32u + 5u)

/* Passes compare hashes of it: nothing in it is padding. */
FS_STATIC_ASSERT(sizeof(fs_trust) == 76);

typedef struct {
  uint32_t role;
  uint32_t epoch;
  fs_view product;
} terms;

void fs_trust_begin(const uint8_t root[FS_POINT_SIZE - 1u], uint32_t epoch, fs_trust *trust) {
  memset(trust, 0, sizeof *trust);
  trust->root[0] = 4; /* uncompressed */
  memcpy(trust->root + 1, root, FS_POINT_SIZE - 1u);
  trust->epoch = epoch;
  trust->least = FS_COUNT_MAX;
}

static fs_answer is_same(fs_view a, fs_view b) {
  if (a.length != b.length) return FS_NO;
  return fs_equal(a.data, b.data, a.length);
}

/* Map of so many pairs, and its format version under key 0. */
static fs_result open_map(fs_view payload, uint32_t pairs, fs_cbor *cursor) {
  uint32_t count;
  *cursor = fs_cbor_open(payload);
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(cursor, pairs, pairs, &count));
  FS_TRY(fs_cbor_key(cursor, 0));
  return fs_cbor_key(cursor, 1);
}

/* A valid point under the key. */
static fs_result take_point(fs_cbor *cursor, uint32_t key, uint8_t point[FS_POINT_SIZE]) {
  fs_view view;
  FS_TRY(fs_cbor_key(cursor, key));
  FS_TRY(fs_cbor_bytes(cursor, FS_POINT_SIZE, FS_POINT_SIZE, &view));
  memcpy(point, view.data, FS_POINT_SIZE);
  return FS_OK;
}

static fs_result take_name(fs_cbor *cursor, uint32_t key, fs_view *name) {
  FS_TRY(fs_cbor_key(cursor, key));
  return fs_cbor_name(cursor, 0x21, name);
}

static fs_result take_count(fs_cbor *cursor, uint32_t key, uint32_t most, uint32_t *value) {
  FS_TRY(fs_cbor_key(cursor, key));
  return fs_cbor_uint(cursor, most, value);
}

/* {0: 1, 1: product, 2: next root, 3: epoch} */
static fs_result read_succession(fs_view payload, terms *read, uint8_t next[FS_POINT_SIZE]) {
  fs_cbor cursor;
  FS_TRY(open_map(payload, 4, &cursor));
  FS_TRY(take_name(&cursor, 1, &read->product));
  FS_TRY(take_point(&cursor, 2, next));
  FS_TRY(take_count(&cursor, 3, FS_COUNT_MAX, &read->epoch));
  FS_TRY(fs_cbor_done(&cursor));
  return fs_crypto_p256_check(next);
}

/* {0: 1, 1: product, 2: epoch} */
static fs_result read_epoch(fs_view payload, terms *read) {
  fs_cbor cursor;
  FS_TRY(open_map(payload, 3, &cursor));
  FS_TRY(take_name(&cursor, 1, &read->product));
  FS_TRY(take_count(&cursor, 2, FS_COUNT_MAX, &read->epoch));
  return fs_cbor_done(&cursor);
}

/* {0: 1, 1: role, 2: public key, 3: product, 4: cap, 5: epoch} */
static fs_result read_delegation(fs_view payload, terms *read, fs_delegation *delegation) {
  fs_cbor cursor;
  FS_TRY(open_map(payload, 6, &cursor));
  FS_TRY(take_count(&cursor, 1, FS_ROLE_RECOVERER, &read->role));
  FS_REQUIRE(read->role >= 1, FS_CBOR_SHAPE);
  FS_TRY(take_point(&cursor, 2, delegation->key));
  FS_TRY(take_name(&cursor, 3, &read->product));
  FS_TRY(take_count(&cursor, 4, FS_COUNT_MAX, &delegation->counter_cap));
  FS_TRY(take_count(&cursor, 5, FS_COUNT_MAX, &read->epoch));
  FS_TRY(fs_cbor_done(&cursor));
  return fs_crypto_p256_check(delegation->key);
}

/* SHA-256 of [role, public key, product, cap]. Called: what it needs of the stack is free
 * while signatures are verified. */
static fs_result __attribute__((noinline)) make_grant(const terms *read, fs_delegation *delegation) {
  uint8_t encoded[GRANT_MOST];
  fs_writer writer = fs_writer_open(encoded, sizeof encoded);
  fs_write_array(&writer, 4);
  fs_write_uint(&writer, read->role);
  fs_write_bytes(&writer, delegation->key, FS_POINT_SIZE);
  fs_write_text_view(&writer, read->product);
  fs_write_uint(&writer, delegation->counter_cap);
  FS_REQUIRE(writer.status == FS_OK, FS_ERR_INTERNAL_CHECK_FAILED);
  fs_hash_of(encoded, writer.length, delegation->grant);
  return FS_OK;
}

fs_result fs_trust_follow(fs_view succession, fs_view product, fs_trust *trust) {
  fs_cose cose;
  terms read;
  uint8_t next[FS_POINT_SIZE];
  fs_result verified;
  FS_TRY_AS(fs_cose_open(succession, FS_TYP_ROOT, SUCCESSION_PAYLOAD_MOST, &cose), FS_ERR_ROOT_MALFORMED);
  verified = fs_cose_verify(&cose, trust->root);
  FS_SITE();
  if (verified != FS_OK) return FS_OK; /* of a root that this chip has left behind: passed over */
  FS_TRY_AS(read_succession(cose.payload, &read, next), FS_ERR_ROOT_MALFORMED);
  FS_DEMAND(is_same(read.product, product) == FS_YES, FS_ERR_ROOT_PRODUCT_WRONG);
  FS_DEMAND(read.epoch > trust->epoch, FS_ERR_ROOT_REVOKED);
  memcpy(trust->root, next, FS_POINT_SIZE);
  trust->epoch = read.epoch;
  return FS_OK;
}

fs_result fs_trust_state(fs_view epoch_statement, fs_view product, fs_trust *trust) {
  fs_cose cose;
  terms read;
  FS_TRY_AS(fs_cose_open(epoch_statement, FS_TYP_EPOCH, EPOCH_PAYLOAD_MOST, &cose), FS_ERR_EPOCH_MALFORMED);
  FS_DECIDE_AS(fs_cose_verify(&cose, trust->root), FS_ERR_EPOCH_SIGNATURE_INVALID);
  FS_TRY_AS(read_epoch(cose.payload, &read), FS_ERR_EPOCH_MALFORMED);
  FS_DEMAND(is_same(read.product, product) == FS_YES, FS_ERR_EPOCH_PRODUCT_WRONG);
  if (read.epoch > trust->epoch) trust->epoch = read.epoch;
  return FS_OK;
}

fs_result fs_trust_delegate(fs_view object, const fs_purpose *purpose, fs_trust *trust, fs_delegation *delegation) {
  fs_cose cose;
  terms read;
  FS_TRY_AS(fs_cose_open(object, FS_TYP_DELEGATION, DELEGATION_PAYLOAD_MOST, &cose), FS_ERR_DELEGATION_MALFORMED);
  FS_DECIDE_AS(fs_cose_verify(&cose, trust->root), FS_ERR_DELEGATION_SIGNATURE_INVALID);
  FS_TRY_AS(read_delegation(cose.payload, &read, delegation), FS_ERR_DELEGATION_MALFORMED);
  FS_DEMAND(read.role == purpose->role, FS_ERR_DELEGATION_ROLE_WRONG);
  FS_DEMAND(is_same(read.product, purpose->product) == FS_YES, FS_ERR_DELEGATION_PRODUCT_WRONG);
  /* Defence delegation-epoch */
  FS_DEMAND(read.epoch >= trust->epoch, FS_ERR_DELEGATION_REVOKED);
  trust->epoch = read.epoch;
  /* One that was accepted for the same decision before may be of an epoch that this one ended. */
  FS_DEMAND(trust->least >= trust->epoch, FS_ERR_DELEGATION_REVOKED);
  trust->least = read.epoch;
  fs_cose_digest(&cose, delegation->digest);
  return make_grant(&read, delegation);
}

/* See fs_delegation.h. */
#include "fs_delegation.h"

#include "fs_identity.h"

#define DELEGATION_PAYLOAD_MOST 256u
#define EPOCH_PAYLOAD_MOST 128u

typedef struct {
  uint32_t role;
  uint32_t epoch;
  fs_view product;
} terms;

/* {0: 1, 1: product, 2: epoch} */
static fs_result read_epoch(fs_view payload, fs_view *product, uint32_t *epoch) {
  fs_cbor cursor = fs_cbor_open(payload);
  uint32_t value;
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(&cursor, 3, 3, &value));
  FS_TRY(fs_cbor_key(&cursor, 0));
  FS_TRY(fs_cbor_key(&cursor, 1)); /* the format version */
  FS_TRY(fs_cbor_key(&cursor, 1));
  FS_TRY(fs_cbor_name(&cursor, 0x21, product));
  FS_TRY(fs_cbor_key(&cursor, 2));
  FS_TRY(fs_cbor_uint(&cursor, FS_COUNT_MAX, epoch));
  return fs_cbor_done(&cursor);
}

/* {0: 1, 1: role, 2: public key, 3: product, 4: cap, 5: epoch} */
static fs_result read_delegation(fs_view payload, terms *read, fs_delegation *delegation) {
  fs_cbor cursor = fs_cbor_open(payload);
  fs_view key;
  uint32_t value;
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(&cursor, 6, 6, &value));
  FS_TRY(fs_cbor_key(&cursor, 0));
  FS_TRY(fs_cbor_key(&cursor, 1));
  FS_TRY(fs_cbor_key(&cursor, 1));
  FS_TRY(fs_cbor_uint(&cursor, 4, &read->role));
  FS_REQUIRE(read->role >= 1, FS_CBOR_SHAPE);
  FS_TRY(fs_cbor_key(&cursor, 2));
  FS_TRY(fs_cbor_bytes(&cursor, FS_POINT_SIZE, FS_POINT_SIZE, &key));
  FS_TRY(fs_cbor_key(&cursor, 3));
  FS_TRY(fs_cbor_name(&cursor, 0x21, &read->product));
  FS_TRY(fs_cbor_key(&cursor, 4));
  FS_TRY(fs_cbor_uint(&cursor, FS_COUNT_MAX, &delegation->counter_cap));
  FS_TRY(fs_cbor_key(&cursor, 5));
  FS_TRY(fs_cbor_uint(&cursor, FS_COUNT_MAX, &read->epoch));
  FS_TRY(fs_cbor_done(&cursor));
  FS_TRY(fs_crypto_p256_check(key.data));
  memcpy(delegation->key, key.data, FS_POINT_SIZE);
  return FS_OK;
}

static fs_result verify_epoch(fs_view object, const uint8_t *root, uint32_t *epoch) {
  fs_cose cose;
  fs_view product;
  uint32_t stated;
  FS_TRY_AS(fs_cose_open(object, FS_TYP_EPOCH, EPOCH_PAYLOAD_MOST, &cose), FS_ERR_EPOCH_MALFORMED);
  FS_TRY_AS(read_epoch(cose.payload, &product, &stated), FS_ERR_EPOCH_MALFORMED);
  FS_DECIDE_AS(fs_cose_verify(&cose, root), FS_ERR_EPOCH_SIGNATURE_INVALID);
  FS_DEMAND(fs_identity_is_product(product) == FS_YES, FS_ERR_EPOCH_PRODUCT_WRONG);
  if (stated > *epoch) *epoch = stated;
  return FS_OK;
}

fs_result fs_delegation_verify(fs_view object, fs_view epoch_statement, uint32_t role, uint32_t *epoch,
                               fs_delegation *delegation) {
  uint8_t root[FS_POINT_SIZE];
  fs_cose cose;
  terms read;
  FS_TRY(fs_identity_root(root));
  if (epoch_statement.data) FS_TRY(verify_epoch(epoch_statement, root, epoch));
  FS_TRY_AS(fs_cose_open(object, FS_TYP_DELEGATION, DELEGATION_PAYLOAD_MOST, &cose),
            FS_ERR_DELEGATION_MALFORMED);
  FS_TRY_AS(read_delegation(cose.payload, &read, delegation), FS_ERR_DELEGATION_MALFORMED);
  FS_DECIDE_AS(fs_cose_verify(&cose, root), FS_ERR_DELEGATION_SIGNATURE_INVALID);
  FS_DEMAND(read.role == role, FS_ERR_DELEGATION_ROLE_WRONG);
  FS_DEMAND(fs_identity_is_product(read.product) == FS_YES, FS_ERR_DELEGATION_PRODUCT_WRONG);
  /* Defence delegation-epoch */
  FS_DEMAND(read.epoch >= *epoch, FS_ERR_DELEGATION_REVOKED);
  return FS_OK;
}

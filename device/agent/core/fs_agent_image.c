/*
 * See fs_agent_image.h. Little-endian:
 *    0  magic "FSAG"    4  version 1 (2 bytes)    6  length of the proof (2), 0: none
 *    8  length of the code      12  counter       16  16 zeros
 *   32  proof: [[succession, ...], delegation, statement], then zeros
 * 1024  code, which begins with its vector table
 */
#include "fs_agent_image.h"

#include "fs_agent_signer.h"
#include "fs_cose.h"
#include "fs_delegation.h"
#include "fs_flash.h"
#include "fs_flow.h"

#define MAGIC 0x47415346u /* "FSAG" */
#define VERSION 1u
#define PROOF_AT FS_AGENT_HEAD_BYTES
#define PROOF_MOST (FS_AGENT_HEADER_LENGTH - PROOF_AT)
#define STATEMENT_MOST 256u
#define SUCCESSIONS_MOST 4u
#define PIECE 256u

/* Passes compare them byte by byte. */
FS_STATIC_ASSERT(sizeof(fs_agent_facts) == 20 + FS_HASH_SIZE);
FS_STATIC_ASSERT(FS_AGENT_HEAD_BYTES == FS_FLASH_GRAIN);

/* Where the image stands; head 0: all of it in flash. */
typedef struct {
  uint32_t slot;
  const uint8_t *head;
} source;

/* The head, read; its proof is a view into the header. */
typedef struct {
  uint32_t code_length;
  uint32_t counter;
  fs_view proof;
} image;

typedef struct {
  uint32_t version;
  uint32_t counter;
  uint32_t code_length;
  fs_view product;
  fs_view chip;
  fs_view hash;
} statement;

static fs_result take_header(const uint8_t header[FS_AGENT_HEADER_LENGTH], image *found) {
  uint32_t proof_length;
  FS_REQUIRE(fs_get_u32le(header) == MAGIC && header[4] == VERSION && header[5] == 0, FS_CBOR_SHAPE);
  proof_length = (uint32_t)header[6] | (uint32_t)header[7] << 8;
  found->code_length = fs_get_u32le(header + 8);
  found->counter = fs_get_u32le(header + 12);
  FS_REQUIRE(proof_length <= PROOF_MOST, FS_CBOR_SHAPE);
  /* Defence agent-image-length */
  FS_REQUIRE(found->code_length <= FS_AGENT_LENGTH - FS_AGENT_HEADER_LENGTH, FS_CBOR_SHAPE);
  FS_REQUIRE(found->code_length != 0 && found->code_length % FS_FLASH_GRAIN == 0, FS_CBOR_SHAPE);
  FS_REQUIRE(found->counter <= FS_COUNT_MAX && fs_all(header + 16, 16, 0) == FS_YES, FS_CBOR_SHAPE);
  /* proof_length is at most PROOF_MOST: no wrap */
  FS_REQUIRE(fs_all(header + PROOF_AT + proof_length, PROOF_MOST - proof_length, 0) == FS_YES, FS_CBOR_SHAPE);
  found->proof.data = header + PROOF_AT;
  found->proof.length = proof_length;
  return FS_OK;
}

static fs_result read_header(const source *from, uint8_t header[FS_AGENT_HEADER_LENGTH], image *found) {
  FS_TRY(fs_flash_read(from->slot, header, FS_AGENT_HEADER_LENGTH));
  if (from->head) memcpy(header, from->head, FS_AGENT_HEAD_BYTES);
  return take_header(header, found);
}

/* {0: 1, 1: product, 2: chip id, 3: agent version, 4: counter, 5: length of the code, 6: its SHA-256} */
static fs_result read_statement(fs_view payload, statement *read) {
  fs_cbor cursor = fs_cbor_open(payload);
  uint32_t value;
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(&cursor, 7, 7, &value));
  FS_TRY(fs_cbor_key(&cursor, 0));
  FS_TRY(fs_cbor_key(&cursor, 1));
  FS_TRY(fs_cbor_key(&cursor, 1));
  FS_TRY(fs_cbor_name(&cursor, 0x21, &read->product));
  FS_TRY(fs_cbor_key(&cursor, 2));
  FS_TRY(fs_cbor_name(&cursor, 0x21, &read->chip));
  FS_TRY(fs_cbor_key(&cursor, 3));
  FS_TRY(fs_cbor_uint(&cursor, FS_COUNT_MAX, &read->version));
  FS_TRY(fs_cbor_key(&cursor, 4));
  FS_TRY(fs_cbor_uint(&cursor, FS_COUNT_MAX, &read->counter));
  FS_TRY(fs_cbor_key(&cursor, 5));
  FS_TRY(fs_cbor_uint(&cursor, 0xffffffffu, &read->code_length));
  FS_TRY(fs_cbor_key(&cursor, 6));
  FS_TRY(fs_cbor_bytes(&cursor, FS_HASH_SIZE, FS_HASH_SIZE, &read->hash));
  return fs_cbor_done(&cursor);
}

/* [[succession, ...], delegation, statement]: the cursor stands at the first succession. */
static fs_result read_proof(fs_view proof, fs_cbor *successions, uint32_t *count, fs_view *delegation, fs_view *object) {
  fs_cbor cursor = fs_cbor_open(proof);
  fs_view passed;
  uint32_t items, i;
  FS_TRY(fs_cbor_check(proof, 1));
  FS_TRY(fs_cbor_array(&cursor, 3, 3, &items));
  FS_TRY(fs_cbor_array(&cursor, 0, SUCCESSIONS_MOST, count));
  *successions = cursor;
  for (i = 0; i < *count; i++) FS_TRY(fs_cbor_bytes(&cursor, 0, PROOF_MOST, &passed));
  FS_TRY(fs_cbor_bytes(&cursor, 0, PROOF_MOST, delegation));
  FS_TRY(fs_cbor_bytes(&cursor, 0, PROOF_MOST, object));
  return fs_cbor_done(&cursor);
}

static fs_answer is_chip(fs_view name) {
  static const char id[] = FS_CHIP_ID;
  if (name.length != sizeof id - 1u) return FS_NO;
  return fs_equal(name.data, (const uint8_t *)id, name.length);
}

static fs_answer is_product(fs_view name, const fs_anchor_data *trust) {
  if (name.length != trust->product_length) return FS_NO;
  return fs_equal(name.data, trust->product, name.length);
}

/* The root's word about the signer, spec/delegation.md section 5, steps 1 and 3; or
 * that of the trusted site. */
static fs_result verify_signer(const image *found, const fs_anchor_data *trust, fs_trust *now, fs_delegation *signer,
                               fs_view *object) {
  fs_purpose purpose;
  fs_cbor successions;
  fs_view delegation, succession;
  uint32_t count, i;
  FS_TRY_AS(read_proof(found->proof, &successions, &count, &delegation, object), FS_ERR_AGENT_IMAGE_MALFORMED);
  purpose.role = FS_ROLE_AGENT_SIGNER;
  purpose.product.data = trust->product;
  purpose.product.length = trust->product_length;
  fs_trust_begin(trust->root + 1, trust->epoch, now);
  if (found->counter <= trust->signer_cap && fs_agent_signer_known(trust->signer, delegation) == FS_YES) {
    memcpy(signer->key, trust->signer, FS_POINT_SIZE);
    signer->counter_cap = trust->signer_cap;
    return FS_OK;
  }
  for (i = 0; i < count; i++) {
    FS_TRY_AS(fs_cbor_bytes(&successions, 0, PROOF_MOST, &succession), FS_ERR_AGENT_IMAGE_MALFORMED);
    FS_DECIDE(fs_trust_follow(succession, purpose.product, now));
  }
  return fs_trust_delegate(delegation, &purpose, now, signer);
}

/* With a proof: the signer's statement is for this product and this chip, and names the hash of the code. */
static fs_result check_proof(const image *found, const fs_anchor_data *trust, fs_agent_facts *facts) {
  fs_delegation signer;
  fs_trust now;
  fs_cose cose;
  statement read;
  fs_view object;
  FS_DECIDE(verify_signer(found, trust, &now, &signer, &object));
  FS_TRY_AS(fs_cose_open(object, FS_TYP_AGENT, STATEMENT_MOST, &cose), FS_ERR_AGENT_IMAGE_MALFORMED);
  /* Defence agent-image-signature */
  FS_DECIDE_AS(fs_cose_verify(&cose, signer.key), FS_ERR_AGENT_IMAGE_SIGNATURE_INVALID);
  FS_TRY_AS(read_statement(cose.payload, &read), FS_ERR_AGENT_IMAGE_MALFORMED);
  /* Defence agent-image-product */
  FS_DEMAND(is_product(read.product, trust) == FS_YES, FS_ERR_AGENT_IMAGE_PRODUCT_WRONG);
  /* Defence agent-image-chip */
  FS_DEMAND(is_chip(read.chip) == FS_YES, FS_ERR_AGENT_IMAGE_CHIP_WRONG);
  FS_DEMAND(read.counter == found->counter && read.code_length == found->code_length, FS_ERR_AGENT_IMAGE_MALFORMED);
  FS_DEMAND(read.counter <= signer.counter_cap, FS_ERR_DELEGATION_COUNTER_EXCEEDED);
  memcpy(facts->code_hash, read.hash.data, FS_HASH_SIZE);
  facts->has_proof = FS_YES;
  facts->version = read.version;
  facts->epoch = now.epoch;
  return FS_OK;
}

/* Without one: it is the agent that the trusted site measured. */
static fs_result check_measured(const image *found, const fs_anchor_data *trust, fs_agent_facts *facts) {
  FS_DEMAND(found->counter == trust->measured_counter, FS_ERR_AGENT_IMAGE_UNKNOWN);
  memcpy(facts->code_hash, trust->measured, FS_HASH_SIZE);
  facts->has_proof = FS_NO;
  facts->version = 0;
  facts->epoch = trust->epoch;
  return FS_OK;
}

/* What the header says, whoever vouches for it; facts->code_hash is the hash that it names. */
static fs_result check_header(const image *found, const fs_anchor_data *trust, fs_agent_facts *facts) {
  fs_wipe(facts, sizeof *facts);
  if (found->proof.length == 0) FS_DECIDE(check_measured(found, trust, facts));
  else FS_DECIDE(check_proof(found, trust, facts));
  facts->counter = found->counter;
  facts->code_length = found->code_length;
  return FS_OK;
}

/* One pass, from nothing but the hash, which is `length` bytes of code. */
static fs_result __attribute__((noinline)) pass(const source *from, const fs_anchor_data *trust, uint32_t length,
                                                const uint8_t hash[FS_HASH_SIZE], fs_agent_facts *facts) {
  uint8_t header[FS_AGENT_HEADER_LENGTH];
  image found;
  FS_TRY_AS(read_header(from, header, &found), FS_ERR_AGENT_IMAGE_MALFORMED);
  FS_DEMAND(found.code_length == length, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DECIDE(check_header(&found, trust, facts));
  /* Defence agent-image-digest */
  FS_DEMAND(fs_equal(hash, facts->code_hash, FS_HASH_SIZE) == FS_YES,
            facts->has_proof == FS_YES ? FS_ERR_AGENT_IMAGE_DIGEST_WRONG : FS_ERR_AGENT_IMAGE_UNKNOWN);
  FS_FLOW_STEP(FS_STEP_IMAGE);
  return FS_OK;
}

/* Once, into memory that was overwritten: both passes look at it. */
static fs_result hash_code(uint32_t slot, uint32_t length, uint8_t hash[FS_HASH_SIZE]) {
  uint8_t piece[PIECE];
  fs_sha256 context;
  uint32_t done = 0;
  fs_result result = FS_OK;
  fs_wipe(hash, FS_HASH_SIZE);
  fs_crypto_sha256_init(&context);
  while (done < length && result == FS_OK) {
    uint32_t count = length - done < PIECE ? length - done : PIECE;
    /* length is within the slot: read_header looked */
    if (fs_flash_read(slot + FS_AGENT_HEADER_LENGTH + done, piece, count) != FS_OK) result = FS_ERR_AGENT_IMAGE_DIGEST_WRONG;
    fs_crypto_sha256_update(&context, piece, count);
    done += count;
  }
  fs_crypto_sha256_final(&context, hash);
  return result;
}

/* The length of the code, so that the header's room on the stack is free while it is hashed. */
static fs_result __attribute__((noinline)) read_length(const source *from, uint32_t *length) {
  uint8_t header[FS_AGENT_HEADER_LENGTH];
  image found;
  FS_TRY_AS(read_header(from, header, &found), FS_ERR_AGENT_IMAGE_MALFORMED);
  *length = found.code_length;
  return FS_OK;
}

static fs_result check_twice(const source *from, const fs_anchor_data *trust, fs_agent_facts *facts) {
  uint8_t hash[FS_HASH_SIZE];
  fs_agent_facts first;
  uint32_t length;
  FS_TRY(read_length(from, &length));
  FS_TRY(hash_code(from->slot, length, hash));
  FS_TRY(pass(from, trust, length, hash, &first));
  /* Defence agent-image-second-pass */
  FS_TRY(pass(from, trust, length, hash, facts));
  FS_INSIST(fs_equal((const uint8_t *)&first, (const uint8_t *)facts, sizeof first) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

static fs_result check(const source *from, const fs_anchor_data *trust, fs_agent_facts *facts) {
  volatile fs_result result = check_twice(from, trust, facts); /* in memory: looked at again behind the wipe */
  if (result != FS_OK) fs_wipe(facts, sizeof *facts);
  return result;
}

fs_result fs_agent_image_check(uint32_t slot, const fs_anchor_data *trust, fs_agent_facts *facts) {
  source from;
  from.slot = slot;
  from.head = 0;
  return check(&from, trust, facts);
}

fs_result fs_agent_image_check_held(uint32_t slot, const uint8_t head[FS_AGENT_HEAD_BYTES],
                                    const fs_anchor_data *trust, fs_agent_facts *facts) {
  source from;
  from.slot = slot;
  from.head = head;
  return check(&from, trust, facts);
}

fs_result fs_agent_image_check_header(const uint8_t header[FS_AGENT_HEADER_LENGTH], const fs_anchor_data *trust,
                                      fs_agent_facts *facts) {
  image found;
  fs_result result;
  FS_TRY_AS(take_header(header, &found), FS_ERR_AGENT_IMAGE_MALFORMED);
  result = check_header(&found, trust, facts);
  if (result != FS_OK) fs_wipe(facts, sizeof *facts);
  return result;
}

uint32_t fs_agent_image_counter(const uint8_t head[FS_AGENT_HEAD_BYTES]) {
  return fs_get_u32le(head) == MAGIC ? fs_get_u32le(head + 12) : 0xffffffffu;
}

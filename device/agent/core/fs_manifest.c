/* See fs_manifest.h. The order of the checks is normative. */
#include "fs_manifest.h"

#include "fs_agent_image.h"
#include "fs_chip_facts.h"
#include "fs_identity.h"

#define PAYLOAD_MOST 2048u
#define OBJECT_MOST (PAYLOAD_MOST + 128u)

/* Where the parts that are checked later stand, and the product. */
typedef struct {
  fs_view core;
  fs_view product;
  fs_cbor digests;
  fs_cbor areas;
  fs_cbor requirements;
} parts;

/* Format version and suite come first, when the core is a map that has them as integers. */
static fs_result check_version(fs_view core) {
  uint32_t value;
  FS_TRY_AS(fs_cbor_check(core, 1), FS_ERR_MANIFEST_MALFORMED);
  if (fs_cbor_find_integer(core, 0, &value) == FS_YES) FS_REQUIRE(value == 1, FS_ERR_MANIFEST_VERSION_UNSUPPORTED);
  if (fs_cbor_find_integer(core, 1, &value) == FS_YES) FS_REQUIRE(value == 1, FS_ERR_SUITE_UNSUPPORTED);
  return FS_OK;
}

/* 32 bytes under the key. */
static fs_result take_hash(fs_cbor *cursor, uint32_t key, uint8_t hash[FS_HASH_SIZE]) {
  fs_view view;
  FS_TRY(fs_cbor_key(cursor, key));
  FS_TRY(fs_cbor_bytes(cursor, FS_HASH_SIZE, FS_HASH_SIZE, &view));
  memcpy(hash, view.data, FS_HASH_SIZE);
  return FS_OK;
}

/* [digest or null, ...]: shape only; how many and which follows from the areas. */
static fs_result skip_digests(fs_cbor *cursor) {
  fs_view digest;
  uint32_t count, i;
  FS_TRY(fs_cbor_array(cursor, 1, FS_AREA_MAX, &count));
  for (i = 0; i < count; i++)
    if (fs_cbor_null(cursor) != FS_YES) FS_TRY(fs_cbor_bytes(cursor, FS_HASH_SIZE, FS_HASH_SIZE, &digest));
  return FS_OK;
}

/* {0: core, 1: first record, 2: digests, 3: salt, 4: commitment, 5: grant} */
static fs_result read_payload(fs_view payload, fs_manifest *manifest, parts *found) {
  fs_cbor cursor = fs_cbor_open(payload);
  uint32_t pairs;
  FS_TRY(fs_cbor_check(payload, 1));
  FS_TRY(fs_cbor_map(&cursor, 6, 6, &pairs));
  FS_TRY(fs_cbor_key(&cursor, 0));
  FS_TRY(fs_cbor_bytes(&cursor, 0, PAYLOAD_MOST, &found->core));
  FS_TRY(take_hash(&cursor, 1, manifest->first_record));
  FS_TRY(fs_cbor_key(&cursor, 2));
  found->digests = cursor;
  FS_TRY(skip_digests(&cursor));
  FS_TRY(take_hash(&cursor, 3, manifest->salt));
  FS_TRY(take_hash(&cursor, 4, manifest->commitment));
  FS_TRY(take_hash(&cursor, 5, manifest->grant));
  return fs_cbor_done(&cursor);
}

static fs_result take_uint(fs_cbor *cursor, uint32_t key, uint32_t most, uint32_t *value) {
  FS_TRY(fs_cbor_key(cursor, key));
  return fs_cbor_uint(cursor, most, value);
}

/* [chip id, ...] */
static fs_result read_chips(fs_cbor *cursor, fs_manifest *manifest) {
  static const char id[] = FS_CHIP_ID;
  uint32_t count, i;
  manifest->chip_listed = FS_NO;
  FS_TRY(fs_cbor_array(cursor, 1, 8, &count));
  for (i = 0; i < count; i++) {
    fs_view name;
    FS_TRY(fs_cbor_name(cursor, 0x21, &name));
    if (name.length == sizeof id - 1u && fs_equal(name.data, (const uint8_t *)id, name.length) == FS_YES)
      manifest->chip_listed = FS_YES;
  }
  return FS_OK;
}

/* The core's map but for the content of keys 6 and 9. */
static fs_result read_core(fs_view core, fs_manifest *manifest, parts *found) {
  fs_cbor cursor = fs_cbor_open(core);
  fs_view view;
  uint32_t pairs, value;
  FS_TRY(fs_cbor_map(&cursor, 14, 15, &pairs));
  FS_TRY(take_uint(&cursor, 0, 1, &value));
  FS_REQUIRE(value == 1, FS_CBOR_SHAPE);
  FS_TRY(take_uint(&cursor, 1, 1, &value));
  FS_REQUIRE(value == 1, FS_CBOR_SHAPE);
  FS_TRY(fs_cbor_key(&cursor, 2));
  FS_TRY(fs_cbor_name(&cursor, 0x21, &found->product));
  FS_TRY(fs_cbor_key(&cursor, 3));
  FS_TRY(read_chips(&cursor, manifest));
  FS_TRY(fs_cbor_key(&cursor, 4));
  FS_TRY(fs_cbor_name(&cursor, 0x20, &view));
  FS_TRY(take_uint(&cursor, 5, FS_COUNT_MAX, &manifest->security_counter));
  FS_TRY(fs_cbor_key(&cursor, 6));
  found->areas = cursor;
  FS_TRY(fs_cbor_skip(&cursor));
  FS_TRY(take_uint(&cursor, 7, 4096, &manifest->chunk_size));
  FS_REQUIRE(manifest->chunk_size == 1024 || manifest->chunk_size == 2048 || manifest->chunk_size == 4096,
             FS_CBOR_SHAPE);
  FS_TRY(take_uint(&cursor, 8, 0xffffffffu, &manifest->entry));
  FS_TRY(fs_cbor_key(&cursor, 9));
  found->requirements = cursor;
  FS_TRY(fs_cbor_skip(&cursor));
  FS_TRY(take_uint(&cursor, 10, 2, &manifest->least_readout));
  FS_TRY(take_uint(&cursor, 11, FS_INTERRUPTION_TRIAL, &manifest->interruption));
  FS_REQUIRE(manifest->interruption >= FS_INTERRUPTION_ERASE, FS_CBOR_SHAPE);
  FS_TRY(take_uint(&cursor, 12, FS_COUNT_MAX, &manifest->least_agent));
  FS_TRY(take_uint(&cursor, 13, FS_BOOT_DIGEST, &manifest->boot_check));
  FS_REQUIRE(manifest->boot_check >= FS_BOOT_RECORD, FS_CBOR_SHAPE);
  if (pairs == 15) {
    FS_TRY(fs_cbor_key(&cursor, 14));
    FS_TRY(fs_cbor_bytes(&cursor, FS_HASH_SIZE, FS_HASH_SIZE, &view));
  }
  return fs_cbor_done(&cursor);
}

/* Step 6, first half: the areas; counts the records. */
static fs_result read_areas(fs_cbor cursor, fs_manifest *manifest) {
  uint64_t end = 0;
  uint32_t records = 0;
  uint32_t data = 0; /* bytes of per-device data */
  uint32_t i;
  FS_TRY_AS(fs_cbor_array(&cursor, 1, FS_AREA_MAX, &manifest->area_count), FS_ERR_AREA_MALFORMED);
  for (i = 0; i < manifest->area_count; i++) {
    fs_area *area = &manifest->areas[i];
    FS_TRY(fs_area_read(&cursor, end, data, area));
    if (area->kind == FS_AREA_DEVICE_DATA) data += area->length; /* at most FS_SMALL_AREA_MAX */
    end = (uint64_t)area->address + area->length;
    /* At most 8 * 2^32 / 1024: no wrap. The chunk size is one of three that are not 0. */
    if (fs_area_has_records(area) == FS_YES)
      records += area->length / manifest->chunk_size + (area->length % manifest->chunk_size != 0);
  }
  FS_REQUIRE(i == manifest->area_count, FS_ERR_INTERNAL_CHECK_FAILED);
  manifest->record_count = records > FS_RECORD_MAX ? FS_RECORD_MAX + 1u : (uint32_t)records;
  return FS_OK;
}

/* The digests stand for areas that records bring, null for the others. */
static fs_result read_digests(fs_cbor cursor, fs_manifest *manifest) {
  uint32_t count, i;
  FS_TRY(fs_cbor_array(&cursor, manifest->area_count, manifest->area_count, &count));
  for (i = 0; i < count; i++) {
    fs_view digest;
    if (fs_area_has_records(&manifest->areas[i]) != FS_YES) {
      FS_REQUIRE(fs_cbor_null(&cursor) == FS_YES, FS_CBOR_SHAPE);
      continue;
    }
    FS_TRY(fs_cbor_bytes(&cursor, FS_HASH_SIZE, FS_HASH_SIZE, &digest));
    memcpy(manifest->areas[i].digest, digest.data, FS_HASH_SIZE);
  }
  return FS_OK;
}

fs_answer fs_manifest_is_agent(const fs_manifest *manifest) {
  return manifest->area_count == 1 && manifest->areas[0].kind == FS_AREA_AGENT ? FS_YES : FS_NO;
}

/* The entry is a vector table that an area holds: that of an agent stands behind its header. */
static fs_answer entry_fits(const fs_manifest *manifest) {
  const fs_area *first = &manifest->areas[0];
  /* Below 2^32 by the check of the area's end, but for a wrap that leads to no address of an area. */
  if (first->kind == FS_AREA_AGENT) return manifest->entry == first->address + FS_AGENT_HEADER_LENGTH ? FS_YES : FS_NO;
  if (manifest->entry % 128u != 0) return FS_NO;
  return fs_area_in_firmware(manifest->areas, manifest->area_count, manifest->entry, 1);
}

/* An agent comes alone, and asks for nothing. */
static fs_result check_agent(const fs_manifest *manifest) {
  uint32_t agents = 0;
  uint32_t i;
  for (i = 0; i < manifest->area_count; i++)
    if (manifest->areas[i].kind == FS_AREA_AGENT) agents++;
  if (agents == 0) return FS_OK;
  /* Defence agent-package-alone */
  FS_DEMAND(fs_manifest_is_agent(manifest) == FS_YES && manifest->areas[0].length > FS_AGENT_HEADER_LENGTH,
            FS_ERR_AGENT_PACKAGE_INVALID);
  FS_DEMAND(manifest->interruption == FS_INTERRUPTION_ERASE && manifest->boot_check == FS_BOOT_RECORD,
            FS_ERR_AGENT_PACKAGE_INVALID);
  FS_DEMAND(manifest->requirement_count == 0 && manifest->security_counter == 0, FS_ERR_AGENT_PACKAGE_INVALID);
  return FS_OK;
}

fs_result fs_manifest_verify(fs_view object, const fs_delegation *signer, fs_manifest *manifest) {
  fs_cose cose;
  fs_sha256 hash;
  parts found;
  /* 3. the signed object */
  FS_REQUIRE(object.length <= OBJECT_MOST, FS_ERR_MANIFEST_TOO_LARGE);
  FS_TRY_AS(fs_cose_open(object, FS_TYP_MANIFEST, OBJECT_MOST, &cose), FS_ERR_MANIFEST_MALFORMED);
  FS_REQUIRE(cose.payload.length <= PAYLOAD_MOST, FS_ERR_MANIFEST_TOO_LARGE);
  FS_DECIDE_AS(fs_cose_verify(&cose, signer->key), FS_ERR_MANIFEST_SIGNATURE_INVALID);
  fs_cose_digest(&cose, manifest->digest);
  /* 4. */
  FS_TRY_AS(read_payload(cose.payload, manifest, &found), FS_ERR_MANIFEST_MALFORMED);
  FS_TRY(check_version(found.core));
  FS_TRY_AS(read_core(found.core, manifest, &found), FS_ERR_MANIFEST_MALFORMED);
  fs_crypto_sha256_init(&hash);
  fs_crypto_sha256_update(&hash, found.core.data, found.core.length);
  fs_crypto_sha256_final(&hash, manifest->core_digest);
  /* 5. */
  FS_DEMAND(fs_identity_is_product(found.product) == FS_YES, FS_ERR_MANIFEST_PRODUCT_WRONG);
  FS_DEMAND(fs_equal(manifest->grant, signer->grant, FS_HASH_SIZE) == FS_YES, FS_ERR_MANIFEST_GRANT_WRONG);
  FS_DEMAND(manifest->security_counter <= signer->counter_cap, FS_ERR_DELEGATION_COUNTER_EXCEEDED);
  /* 6. */
  FS_TRY(read_areas(found.areas, manifest));
  FS_TRY_AS(read_digests(found.digests, manifest), FS_ERR_MANIFEST_MALFORMED);
  FS_REQUIRE(entry_fits(manifest) == FS_YES, FS_ERR_ENTRY_OUTSIDE_FIRMWARE);
  FS_TRY_AS(fs_policy_read(&found.requirements, manifest->requirements, &manifest->requirement_count),
            FS_ERR_MANIFEST_MALFORMED);
  FS_REQUIRE(manifest->record_count <= FS_RECORD_MAX, FS_ERR_MANIFEST_MALFORMED);
  FS_REQUIRE(fs_all(manifest->first_record, FS_HASH_SIZE, 0) != FS_YES, FS_ERR_MANIFEST_MALFORMED);
  FS_DECIDE(check_agent(manifest));
  return FS_OK;
}

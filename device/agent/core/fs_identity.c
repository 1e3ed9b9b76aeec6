/*
 * See fs_identity.h. An image is 1696 bytes; offsets and contents, little-endian:
 *      0  magic "FSID"            4  version 1                8  epoch         12  length of the certificate
 *     16  signing private key    48  KEM private key         80  device key      112  seed, or zeros
 *    144  root public key       209  signing public key     274  KEM public key
 *    339  product, length       340  product, 32            372  number of final option-byte requirements
 *    376  16 x [register, mask, value]                      568  origin             572  36 zeros
 *    608  certificate, 1024, filled with zeros
 *   1632  HMAC-SHA-256 of all before it under the device key
 *   1664  confirmation: each byte of the HMAC inverted; written after all before it was read back
 * It is an identity when HMAC and confirmation are right. Slots follow each other
 * from the start of the range.
 */
#include "fs_identity.h"

#include "fs_chip_facts.h"
#include "fs_flash.h"
#include "fs_hmac.h"

#define MAGIC 0x44495346u /* "FSID" */
#define HEAD_SIZE 608u
#define CERTIFICATE_AT HEAD_SIZE
#define MAC_AT (CERTIFICATE_AT + FS_CERTIFICATE_MAX)
#define CONFIRM_AT (MAC_AT + 32u)
#define IMAGE_SIZE (CONFIRM_AT + 32u)
#define SLOT_COUNT (FS_IDENTITY_LENGTH / IMAGE_SIZE)

typedef struct {
  uint32_t magic;
  uint32_t version;
  uint32_t epoch;
  uint32_t certificate_length;
  uint8_t signing_private[32];
  uint8_t kem_private[32];
  uint8_t device_key[32];
  uint8_t seed[32];
  uint8_t root[65];
  uint8_t signing_public[65];
  uint8_t kem_public[65];
  uint8_t product_length;
  uint8_t product[32];
  uint32_t final_count;
  fs_requirement final[FS_REQUIREMENT_MAX];
  uint32_t origin;
  uint8_t zeros[36];
} head;

FS_STATIC_ASSERT(sizeof(head) == HEAD_SIZE);
FS_STATIC_ASSERT(offsetof(head, signing_private) == 16 && offsetof(head, kem_private) == 48);
FS_STATIC_ASSERT(offsetof(head, device_key) == 80 && offsetof(head, seed) == 112 && offsetof(head, root) == 144);
FS_STATIC_ASSERT(offsetof(head, signing_public) == 209 && offsetof(head, kem_public) == 274);
FS_STATIC_ASSERT(offsetof(head, product_length) == 339 && offsetof(head, final_count) == 372);
FS_STATIC_ASSERT(offsetof(head, final) == 376 && IMAGE_SIZE == 1696);
FS_STATIC_ASSERT(offsetof(head, magic) == 0 && offsetof(head, version) == 4 && offsetof(head, epoch) == 8);
FS_STATIC_ASSERT(offsetof(head, certificate_length) == 12 && offsetof(head, product) == 340);
FS_STATIC_ASSERT(offsetof(head, origin) == 568 && offsetof(head, zeros) == 572);
FS_STATIC_ASSERT(SLOT_COUNT >= 1);

/* address 0: no identity is loaded */
static struct {
  uint32_t address;
  uint32_t certificate_length;
  uint32_t origin;
  uint8_t product_length;
  uint8_t product[32];
  uint8_t thumbprint[FS_HASH_SIZE];
  uint8_t device_key[FS_KEY_SIZE];
} loaded;

static fs_answer newer = FS_NO;

fs_answer fs_is_origin(uint32_t number) {
  return number >= 1 && number <= FS_ORIGIN_MAX && number != 4 ? FS_YES : FS_NO;
}

/* The HMAC over the image in flash, as far as the confirmation. */
static fs_result mac_of(uint32_t address, const uint8_t key[FS_KEY_SIZE], uint8_t mac[FS_HASH_SIZE]) {
  uint8_t piece[64];
  fs_hmac context;
  uint32_t done;
  fs_result result = FS_OK;
  FS_STATIC_ASSERT(MAC_AT % sizeof piece == 32);
  fs_hmac_init(&context, key, FS_KEY_SIZE);
  for (done = 0; done < MAC_AT; done += 32) {
    if (fs_flash_read(address + done, piece, 32) != FS_OK) result = FS_ERR_FLASH_VERIFY_FAILED;
    fs_hmac_update(&context, piece, 32);
  }
  fs_hmac_final(&context, mac);
  fs_wipe(piece, sizeof piece);
  return result;
}

static fs_result check(uint32_t address, head *read) {
  uint8_t mac[FS_HASH_SIZE];
  uint8_t stored[FS_HASH_SIZE];
  fs_sha256 hash;
  uint32_t i;
  FS_TRY(fs_flash_read(address, (uint8_t *)read, sizeof *read));
  FS_REQUIRE(read->magic == MAGIC, FS_ERR_NOT_PERSONALIZED);
  if (read->version > 1) newer = FS_YES;
  FS_REQUIRE(read->version == 1, FS_ERR_NOT_PERSONALIZED);
  FS_REQUIRE(read->certificate_length <= FS_CERTIFICATE_MAX && read->product_length <= 32 &&
                 read->final_count <= FS_REQUIREMENT_MAX && fs_is_origin(read->origin) == FS_YES,
             FS_ERR_NOT_PERSONALIZED);
  FS_TRY(mac_of(address, read->device_key, mac));
  FS_TRY(fs_flash_read(address + MAC_AT, stored, sizeof stored));
  FS_REQUIRE(fs_equal(mac, stored, sizeof mac) == FS_YES, FS_ERR_NOT_PERSONALIZED);
  for (i = 0; i < sizeof mac; i++) mac[i] = (uint8_t)~mac[i];
  FS_TRY(fs_flash_read(address + CONFIRM_AT, stored, sizeof stored));
  FS_REQUIRE(fs_equal(mac, stored, sizeof mac) == FS_YES, FS_ERR_NOT_PERSONALIZED);
  loaded.address = address;
  loaded.certificate_length = read->certificate_length;
  loaded.origin = read->origin;
  loaded.product_length = read->product_length;
  memcpy(loaded.product, read->product, sizeof loaded.product);
  memcpy(loaded.device_key, read->device_key, sizeof loaded.device_key);
  fs_crypto_sha256_init(&hash);
  fs_crypto_sha256_update(&hash, read->signing_public, FS_POINT_SIZE);
  fs_crypto_sha256_update(&hash, read->kem_public, FS_POINT_SIZE);
  fs_crypto_sha256_final(&hash, loaded.thumbprint);
  return FS_OK;
}

fs_answer fs_identity_load(void) {
  uint32_t i;
  loaded.address = 0;
  newer = FS_NO;
  for (i = 0; i < SLOT_COUNT && loaded.address == 0; i++) {
    head read;
    fs_result result = check(FS_IDENTITY_START + i * IMAGE_SIZE, &read);
    fs_wipe(&read, sizeof read);
    if (result != FS_OK) loaded.address = 0;
  }
  return fs_identity_present();
}

void fs_identity_forget(void) { fs_wipe(&loaded, sizeof loaded); }

fs_answer fs_identity_is_newer(void) { return loaded.address == 0 ? newer : FS_NO; }

fs_answer fs_identity_present(void) { return loaded.address != 0 ? FS_YES : FS_NO; }

/* Writes head, certificate and HMAC, then the confirmation. */
static fs_result write_image(uint32_t address, const head *image, fs_view certificate) {
  uint8_t piece[32];
  uint8_t mac[FS_HASH_SIZE];
  uint32_t done, i;
  FS_TRY(fs_flash_write(address, (const uint8_t *)image, sizeof *image));
  for (done = 0; done < FS_CERTIFICATE_MAX; done += sizeof piece) {
    uint32_t left = done < certificate.length ? certificate.length - done : 0;
    memset(piece, 0, sizeof piece);
    memcpy(piece, certificate.data + (left > 0 ? done : 0), left < sizeof piece ? left : sizeof piece);
    FS_TRY(fs_flash_write(address + CERTIFICATE_AT + done, piece, sizeof piece));
  }
  FS_TRY(mac_of(address, image->device_key, mac));
  FS_TRY(fs_flash_write(address + MAC_AT, mac, sizeof mac));
  for (i = 0; i < sizeof mac; i++) mac[i] = (uint8_t)~mac[i];
  return fs_flash_write(address + CONFIRM_AT, mac, sizeof mac);
}

fs_result fs_identity_write(const fs_new_identity *made, fs_view certificate, const fs_requirement *final,
                            uint32_t final_count) {
  head image;
  fs_result result = FS_ERR_JOURNAL_FAILED;
  uint32_t i;
  FS_REQUIRE(certificate.length <= FS_CERTIFICATE_MAX, FS_ERR_CERTIFICATE_TOO_LARGE);
  FS_REQUIRE(final_count <= FS_REQUIREMENT_MAX, FS_ERR_REQUEST_MALFORMED);
  memset(&image, 0, sizeof image);
  image.magic = MAGIC;
  image.version = 1;
  image.epoch = made->epoch;
  image.certificate_length = certificate.length;
  memcpy(image.signing_private, made->signing_private, sizeof image.signing_private);
  memcpy(image.kem_private, made->kem_private, sizeof image.kem_private);
  memcpy(image.device_key, made->device_key, sizeof image.device_key);
  memcpy(image.seed, made->seed, sizeof image.seed);
  memcpy(image.root, made->root, sizeof image.root);
  memcpy(image.signing_public, made->signing_public, sizeof image.signing_public);
  memcpy(image.kem_public, made->kem_public, sizeof image.kem_public);
  image.product_length = made->product_length;
  memcpy(image.product, made->product, sizeof image.product);
  image.origin = made->origin;
  image.final_count = final_count;
  for (i = 0; i < final_count; i++) image.final[i] = final[i];
  for (i = 0; i < SLOT_COUNT; i++) {
    uint32_t address = FS_IDENTITY_START + i * IMAGE_SIZE;
    if (fs_flash_blank(address, IMAGE_SIZE) != FS_YES) continue;
    result = write_image(address, &image, certificate);
    break;
  }
  fs_wipe(&image, sizeof image);
  FS_TRY(result);
  FS_REQUIRE(fs_identity_load() == FS_YES, FS_ERR_FLASH_VERIFY_FAILED);
  return FS_OK;
}

static fs_result read_field(uint32_t offset, uint8_t *bytes, uint32_t length) {
  FS_REQUIRE(loaded.address != 0, FS_ERR_NOT_PERSONALIZED);
  FS_TRY_AS(fs_flash_read(loaded.address + offset, bytes, length), FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_identity_signing_keys(uint8_t private_key[FS_SCALAR_SIZE], uint8_t public_key[FS_POINT_SIZE]) {
  FS_TRY(read_field(offsetof(head, signing_public), public_key, FS_POINT_SIZE));
  return read_field(offsetof(head, signing_private), private_key, FS_SCALAR_SIZE);
}

fs_result fs_identity_kem_keys(uint8_t private_key[FS_SCALAR_SIZE], uint8_t public_key[FS_POINT_SIZE]) {
  FS_TRY(read_field(offsetof(head, kem_public), public_key, FS_POINT_SIZE));
  return read_field(offsetof(head, kem_private), private_key, FS_SCALAR_SIZE);
}

fs_result fs_identity_seed(uint8_t seed[FS_KEY_SIZE]) {
  return read_field(offsetof(head, seed), seed, FS_KEY_SIZE);
}

fs_result fs_identity_final_options(fs_requirement *final, uint32_t *count) {
  FS_TRY(read_field(offsetof(head, final_count), (uint8_t *)count, sizeof *count));
  FS_REQUIRE(*count <= FS_REQUIREMENT_MAX, FS_ERR_INTERNAL_CHECK_FAILED);
  return read_field(offsetof(head, final), (uint8_t *)final, sizeof *final * FS_REQUIREMENT_MAX);
}

void fs_identity_write_certificate(fs_writer *writer) {
  uint32_t start = fs_write_bytes_begin(writer);
  uint8_t *room = fs_write_room(writer, loaded.certificate_length);
  if (!room || read_field(CERTIFICATE_AT, room, loaded.certificate_length) != FS_OK)
    writer->status = FS_ERR_INTERNAL_CHECK_FAILED;
  fs_write_bytes_end(writer, start);
}

fs_answer fs_identity_is_product(fs_view product) {
  if (loaded.address == 0 || product.length != loaded.product_length) return FS_NO;
  return fs_equal(product.data, loaded.product, product.length);
}

fs_view fs_identity_product(void) {
  fs_view product;
  product.data = loaded.product;
  product.length = loaded.address == 0 ? 0 : loaded.product_length;
  return product;
}

uint32_t fs_identity_origin(void) { return loaded.origin; }
const uint8_t *fs_identity_thumbprint(void) { return loaded.thumbprint; }
const uint8_t *fs_identity_device_key(void) { return loaded.device_key; }

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
 * It is an identity when HMAC and confirmation are right. Every version has them at these places: without a
 * right confirmation, what a cut left would read as one of a later version. It stands in three places: the
 * original beside the anchor, where the keys were made before that was write-protected, and two copies that
 * anything that runs can erase. In each place slots follow each other from its start.
 */
#include "fs_identity.h"

#include "fs_chip_facts.h"
#include "fs_flash.h"

#define MAGIC 0x44495346u /* "FSID" */
#define HEAD_SIZE 608u
#define CERTIFICATE_AT HEAD_SIZE
#define MAC_AT (CERTIFICATE_AT + FS_CERTIFICATE_MAX)
#define CONFIRM_AT (MAC_AT + 32u)
#define IMAGE_SIZE (CONFIRM_AT + 32u)
#define PIECE_SIZE 32u

enum { ORIGINAL, FIRST_COPY, SECOND_COPY, PLACE_COUNT };

static const fs_range places[PLACE_COUNT] = {
    {FS_IDENTITY_ORIGINAL_START, FS_IDENTITY_ORIGINAL_LENGTH},
    {FS_IDENTITY_START, FS_IDENTITY_LENGTH},
    {FS_IDENTITY_COPY_START, FS_IDENTITY_LENGTH},
};

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
FS_STATIC_ASSERT(FS_IDENTITY_LENGTH >= IMAGE_SIZE && FS_IDENTITY_ORIGINAL_LENGTH >= IMAGE_SIZE);
FS_STATIC_ASSERT(IMAGE_SIZE % PIECE_SIZE == 0 && PIECE_SIZE % FS_FLASH_GRAIN == 0);

/* address 0: no identity is loaded. It is not the first word: where a glitch takes this for something that
 * begins with a pointer, as a hello's speaker does, the pointer is not to the keys. */
static struct {
  uint32_t certificate_length;
  uint32_t address;
  uint32_t origin;
  uint8_t product_length;
  uint8_t product[32];
  uint8_t thumbprint[FS_HASH_SIZE];
} loaded;

static const uint8_t *unwritten_key;

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
  uint8_t stored[2 * FS_HASH_SIZE]; /* HMAC, confirmation */
  fs_sha256 hash;
  uint32_t i;
  FS_STATIC_ASSERT(CONFIRM_AT == MAC_AT + FS_HASH_SIZE);
  FS_TRY(fs_flash_read(address, (uint8_t *)read, sizeof *read));
  FS_REQUIRE(read->magic == MAGIC, FS_ERR_NOT_PERSONALIZED);
  FS_TRY(fs_flash_read(address + MAC_AT, stored, sizeof stored));
  /* Defence identity-whole */
  for (i = 0; i < FS_HASH_SIZE; i++)
    FS_REQUIRE((stored[i] ^ stored[FS_HASH_SIZE + i]) == 0xffu, FS_ERR_NOT_PERSONALIZED);
  /* Of a whole image alone: in one that a cut left, the version reads as any number. */
  if (read->version > 1) newer = FS_YES;
  FS_REQUIRE(read->version == 1, FS_ERR_NOT_PERSONALIZED);
  FS_REQUIRE(read->certificate_length <= FS_CERTIFICATE_MAX && read->product_length <= 32 &&
                 read->final_count <= FS_REQUIREMENT_MAX && fs_is_origin(read->origin) == FS_YES,
             FS_ERR_NOT_PERSONALIZED);
  FS_TRY(mac_of(address, read->device_key, mac));
  FS_REQUIRE(fs_equal(mac, stored, sizeof mac) == FS_YES, FS_ERR_NOT_PERSONALIZED);
  loaded.address = address;
  loaded.certificate_length = read->certificate_length;
  loaded.origin = read->origin;
  loaded.product_length = read->product_length;
  memcpy(loaded.product, read->product, sizeof loaded.product);
  fs_crypto_sha256_init(&hash);
  fs_crypto_sha256_update(&hash, read->signing_public, FS_POINT_SIZE);
  fs_crypto_sha256_update(&hash, read->kem_public, FS_POINT_SIZE);
  fs_crypto_sha256_final(&hash, loaded.thumbprint);
  return FS_OK;
}

/* Address of the slot, or 0 behind the last of the place. */
static uint32_t slot_of(const fs_range *place, uint32_t index) {
  return (index + 1u) * IMAGE_SIZE <= place->length ? place->start + index * IMAGE_SIZE : 0;
}

static void load_from(const fs_range *place) {
  uint32_t i, address;
  for (i = 0; (address = slot_of(place, i)) != 0 && loaded.address == 0; i++) {
    head read;
    fs_result result = check(address, &read);
    fs_wipe(&read, sizeof read);
    if (result != FS_OK) loaded.address = 0;
  }
}

/* The original counts before the copies: whatever runs can write those. */
fs_answer fs_identity_load(void) {
  uint32_t i;
  loaded.address = 0;
  newer = FS_NO;
  for (i = 0; i < PLACE_COUNT && loaded.address == 0; i++) load_from(&places[i]);
  return fs_identity_present();
}

/* FS_YES when the slot holds what the loaded one holds. */
static fs_answer is_same(uint32_t address) {
  uint8_t piece[PIECE_SIZE];
  uint32_t done = 0;
  fs_answer answer = FS_YES;
  for (; done < IMAGE_SIZE && answer == FS_YES; done += PIECE_SIZE) {
    answer = FS_NO;
    if (fs_flash_read(loaded.address + done, piece, PIECE_SIZE) == FS_OK) answer = fs_flash_holds(address + done, piece, PIECE_SIZE);
  }
  fs_wipe(piece, sizeof piece);
  return answer;
}

static fs_answer stands_in(const fs_range *place) {
  uint32_t i, address;
  for (i = 0; (address = slot_of(place, i)) != 0; i++)
    if (is_same(address) == FS_YES) return FS_YES;
  return FS_NO;
}

/* Address of the first blank slot in the place, or 0 when no slot is blank. */
static uint32_t blank_slot(const fs_range *place) {
  uint32_t i, address;
  for (i = 0; (address = slot_of(place, i)) != 0; i++)
    if (fs_flash_blank(address, IMAGE_SIZE) == FS_YES) return address;
  return 0;
}

/* Erases the units of the place, but not one with code that runs: there the next update of the agent does it.
 * What else lies in a unit with the agent's copy is that copy, and the anchor makes it again. */
static fs_result erase_place(const fs_range *place) {
  fs_erase_unit unit;
  uint32_t address;
  for (address = place->start; address < place->start + place->length; address = unit.end) {
    FS_TRY(fs_flash_unit_of(address, &unit));
    FS_REQUIRE(unit.end <= FS_AGENT_START || unit.start >= FS_AGENT_START + FS_AGENT_LENGTH, FS_ERR_FLASH_ERASE_FAILED);
    FS_REQUIRE(loaded.address < unit.start || loaded.address >= unit.end, FS_ERR_FLASH_ERASE_FAILED);
    FS_TRY(fs_flash_erase(&unit));
  }
  return FS_OK;
}

/* The confirmation is its last piece. */
static fs_result copy_to(uint32_t address) {
  uint8_t piece[PIECE_SIZE];
  uint32_t done;
  fs_result result = FS_OK;
  for (done = 0; done < IMAGE_SIZE && result == FS_OK; done += PIECE_SIZE) {
    result = fs_flash_read(loaded.address + done, piece, PIECE_SIZE);
    if (result == FS_OK) result = fs_flash_write(address + done, piece, PIECE_SIZE);
  }
  fs_wipe(piece, sizeof piece);
  return result;
}

static void heal(const fs_range *place) {
  uint32_t slot;
  if (stands_in(place) == FS_YES) return;
  slot = blank_slot(place);
  if (slot == 0 && erase_place(place) == FS_OK) slot = place->start;
  if (slot != 0) (void)copy_to(slot); /* if not: the next boot tries it again, in another slot */
}

void fs_identity_heal(void) {
  if (loaded.address == 0) return;
  /* Defence identity-first-copy-healed */
  heal(&places[FIRST_COPY]);
  /* Defence identity-second-copy-healed */
  heal(&places[SECOND_COPY]);
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
  fs_result result;
  uint32_t i, slot;
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
  /* Refused by the flash where the anchor is write-protected already: then there is no original. */
  slot = blank_slot(&places[ORIGINAL]);
  if (slot != 0) (void)write_image(slot, &image, certificate);
  slot = blank_slot(&places[FIRST_COPY]);
  result = slot != 0 ? write_image(slot, &image, certificate) : (fs_result)FS_ERR_JOURNAL_FAILED;
  fs_wipe(&image, sizeof image);
  FS_TRY(result);
  FS_REQUIRE(fs_identity_load() == FS_YES, FS_ERR_FLASH_VERIFY_FAILED);
  fs_identity_heal();
  FS_REQUIRE(stands_in(&places[FIRST_COPY]) == FS_YES && stands_in(&places[SECOND_COPY]) == FS_YES,
             FS_ERR_FLASH_VERIFY_FAILED);
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

fs_result fs_identity_beginnings(uint8_t root[FS_POINT_SIZE - 1u], uint32_t *epoch) {
  FS_TRY(read_field(offsetof(head, root) + 1u, root, FS_POINT_SIZE - 1u));
  return read_field(offsetof(head, epoch), (uint8_t *)epoch, sizeof *epoch);
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

void fs_identity_device_key(uint8_t key[FS_KEY_SIZE]) {
  (void)read_field(offsetof(head, device_key), key, FS_KEY_SIZE);
}

void fs_identity_hmac_init(fs_hmac *context) {
  uint8_t key[FS_KEY_SIZE];
  if (unwritten_key) memcpy(key, unwritten_key, sizeof key);
  else fs_identity_device_key(key);
  fs_hmac_init(context, key, sizeof key);
  fs_wipe(key, sizeof key);
}

void fs_identity_use_key(const uint8_t *key) { unwritten_key = key; }

uint32_t fs_identity_origin(void) { return loaded.origin; }
const uint8_t *fs_identity_thumbprint(void) { return loaded.thumbprint; }

/*
 * Test program: makes every function of core/fs_crypto.h, and the core's HPKE on top of them, callable
 * over a byte stream: on a PC, as machine code on a simulated core, as WebAssembly. The port under test
 * is linked in; this file knows none.
 *
 * Request: operation (1 byte), number of fields (1), then each field as length (2, little-endian) and bytes.
 * Answer: 1 for FS_OK or 0 for any other word (1), length (2), bytes. A field of another size than
 * the function takes is answered 2.
 */
#include "crypto_runner.h"

#include "fs_crypto.h"
#include "fs_hmac.h"
#include "fs_hpke.h"

#define FIELD_MAX 6u
#define ROOM 8192u

enum { OP_SHA256 = 1, OP_VERIFY, OP_SIGN, OP_PUBLIC, OP_CHECK, OP_ECDH, OP_GCM_OPEN, OP_HMAC, OP_HKDF, OP_HPKE_OPEN };

static uint8_t room[ROOM];
static fs_buffer field[FIELD_MAX];
static uint8_t out[FS_POINT_SIZE];

static void answer(uint8_t status, const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  stream_put(status);
  stream_put((uint8_t)length);
  stream_put((uint8_t)(length >> 8));
  for (i = 0; i < length; i++) stream_put(bytes[i]);
  stream_flush();
}

/* Reads the fields of a request; 0 at the end of the stream or when they are too many or too long. */
static int read_fields(void) {
  uint32_t used = 0;
  uint32_t count = (uint32_t)stream_get();
  uint32_t f;
  if (count > FIELD_MAX) return 0;
  memset(field, 0, sizeof field);
  for (f = 0; f < count; f++) {
    uint32_t length = (uint32_t)stream_get();
    uint32_t i;
    length |= (uint32_t)stream_get() << 8;
    if (length > ROOM - used) return 0;
    field[f].data = room + used;
    field[f].length = length;
    for (i = 0; i < length; i++) room[used++] = (uint8_t)stream_get();
  }
  return 1;
}

static int sizes_are(uint32_t first, uint32_t second, uint32_t third) {
  const uint32_t wanted[3] = {first, second, third};
  uint32_t i;
  for (i = 0; i < 3; i++) {
    if (wanted[i] != UINT32_MAX && field[i].length != wanted[i]) return 0;
  }
  return 1;
}

#define ANY UINT32_MAX

static fs_view view(uint32_t i) {
  fs_view v;
  v.data = field[i].data;
  v.length = field[i].length;
  return v;
}

/* The message in two parts, cut in the middle: one buffer and two must give the same. */
static void halves(uint32_t i, fs_view parts[2]) {
  parts[0].data = field[i].data;
  parts[0].length = field[i].length / 2;
  parts[1].data = field[i].data + parts[0].length;
  parts[1].length = field[i].length - parts[0].length;
}

static void run_sha256(void) {
  fs_sha256 context;
  fs_view parts[2];
  halves(0, parts);
  fs_crypto_sha256_init(&context);
  fs_crypto_sha256_update(&context, parts[0].data, parts[0].length);
  fs_crypto_sha256_update(&context, parts[1].data, parts[1].length);
  fs_crypto_sha256_final(&context, out);
  answer(1, out, FS_HASH_SIZE);
}

static void run_hmac(void) {
  fs_hmac context;
  fs_hmac_init(&context, field[0].data, field[0].length);
  fs_hmac_update(&context, field[1].data, field[1].length);
  fs_hmac_final(&context, out);
  answer(1, out, FS_HASH_SIZE);
}

static void run_hkdf(void) {
  uint8_t prk[FS_HASH_SIZE];
  fs_view info[2];
  halves(2, info);
  fs_hkdf_extract(view(0), view(1), prk);
  fs_hkdf_expand(prk, info, 2, out, field[3].data[0]);
  answer(1, out, field[3].data[0]);
}

/* Fields: private key, public key, enc, info, aad, ciphertext and tag. */
static int run_hpke_open(void) {
  fs_hpke_context context;
  fs_buffer plaintext;
  fs_result result;
  if (!sizes_are(FS_SCALAR_SIZE, FS_POINT_SIZE, FS_POINT_SIZE)) return 0;
  context.private_key = field[0].data;
  context.public_key = field[1].data;
  context.enc = field[2].data;
  context.info = view(3);
  context.aad = view(4);
  result = fs_hpke_open(&context, field[5], &plaintext);
  if (result == FS_OK) answer(1, plaintext.data, plaintext.length);
  else answer(0, out, 0);
  return 1;
}

static void finish(fs_result result, const uint8_t *bytes, uint32_t length) {
  answer(result == FS_OK ? 1u : 0u, bytes, result == FS_OK ? length : 0u);
}

/* 0 when the fields do not fit the operation. */
static int run(uint32_t operation) {
  fs_view parts[2];
  switch (operation) {
    case OP_SHA256:
      run_sha256();
      return 1;
    case OP_VERIFY:
      if (!sizes_are(FS_POINT_SIZE, ANY, FS_SIGNATURE_SIZE)) return 0;
      halves(1, parts);
      finish(fs_crypto_es256_verify(field[0].data, parts, 2, field[2].data), out, 0);
      return 1;
    case OP_SIGN:
      if (!sizes_are(FS_SCALAR_SIZE, ANY, FS_HASH_SIZE)) return 0;
      halves(1, parts);
      finish(fs_crypto_es256_sign(field[0].data, field[2].data, parts, 2, out), out, FS_SIGNATURE_SIZE);
      return 1;
    case OP_PUBLIC:
      if (!sizes_are(FS_SCALAR_SIZE, ANY, ANY)) return 0;
      finish(fs_crypto_p256_public(field[0].data, out), out, FS_POINT_SIZE);
      return 1;
    case OP_CHECK:
      if (!sizes_are(FS_POINT_SIZE, ANY, ANY)) return 0;
      finish(fs_crypto_p256_check(field[0].data), out, 0);
      return 1;
    case OP_ECDH:
      if (!sizes_are(FS_SCALAR_SIZE, FS_POINT_SIZE, ANY)) return 0;
      finish(fs_crypto_ecdh(field[0].data, field[1].data, out), out, FS_SCALAR_SIZE);
      return 1;
    case OP_GCM_OPEN: {
      fs_result result;
      if (!sizes_are(FS_KEY_SIZE, FS_NONCE_SIZE, ANY) || field[4].length != FS_TAG_SIZE) return 0;
      result = fs_crypto_gcm_open(field[0].data, field[1].data, view(2), field[3], field[4].data);
      /* What stands in the buffer after a refusal is given too: the test looks for plaintext in it. */
      answer(result == FS_OK ? 1u : 0u, field[3].data, field[3].length);
      return 1;
    }
    case OP_HMAC:
      if (field[0].length > 64u) return 0;
      run_hmac();
      return 1;
    case OP_HKDF:
      if (field[0].length > 64u || field[3].length != 1 || field[3].data[0] > FS_HASH_SIZE) return 0;
      run_hkdf();
      return 1;
    case OP_HPKE_OPEN:
      return run_hpke_open();
    default:
      return 0;
  }
}

void crypto_runner(void) {
  for (;;) {
    int32_t operation = stream_get();
    if (operation < 0 || !read_fields()) return;
    if (!run((uint32_t)operation)) answer(2, out, 0);
  }
}

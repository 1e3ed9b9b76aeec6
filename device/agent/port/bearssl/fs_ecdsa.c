/*
 * ECDSA on P-256 with hedged nonces: a variant of br_ecdsa_i31_sign_raw and
 * br_ecdsa_i15_sign_raw of BearSSL 0.6.
 *
 * The nonce k is that of RFC 6979 section 3.6, with 32 random bytes as k'. It is derived twice, each
 * time from nothing: one makes r, the other makes s. They are equal unless a glitch hit one of them,
 * and then the signature verifies under no key; the caller looks. One nonce alone would let a glitch
 * choose it: BearSSL's own sign_raw takes the private key as nonce where the call of the generator is
 * left out, and such a signature verifies.
 *
 * The multiplication takes k + c * n, with a random c of 64 bits: who spoils a step of it and sees whether
 * that mattered learns a digit of this number, and not of k.
 *
 * The arithmetic is BearSSL's, whose licence asks that this goes along:
 *
 * Copyright (c) 2016, 2017 Thomas Pornin <pornin@bolet.org>
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
 * associated documentation files (the "Software"), to deal in the Software without restriction,
 * including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
 * and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so,
 * subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all copies or
 * substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
 * LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO
 * EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
 * IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE
 * USE OR OTHER DEALINGS IN THE SOFTWARE.
 */
#include "fs_ecdsa.h"

#include "fs_bearssl.h"
#include "inner.h"

#ifdef FS_BEARSSL_M15
typedef uint16_t word;
#define WORD_BITS 15
#define INT(operation) br_i15_##operation
#define NEGATIVE_INVERSE br_i15_ninv15
#else
typedef uint32_t word;
#define WORD_BITS 31
#define INT(operation) br_i31_##operation
#define NEGATIVE_INVERSE br_i31_ninv31
#endif

/* A number of 256 bits: the word of its length, then its limbs. */
#define WORDS (1u + (256u + WORD_BITS - 1u) / WORD_BITS)
#define BLIND_SIZE 8u
/* A nonce that is not in 1..n-1 comes once in 2^32 draws. */
#define NONCE_TRIES 8u

typedef struct {
  uint8_t nonce[FS_SCALAR_SIZE];
  uint8_t blind[BLIND_SIZE];
} drawn;

typedef struct {
  const uint8_t *key;
  const uint8_t *hash;
  const uint8_t *hedge;
} inputs;

static void decode(word number[WORDS], const uint8_t bytes[FS_SCALAR_SIZE], const word order[WORDS]) {
  INT(decode)(number, bytes, FS_SCALAR_SIZE);
  number[0] = order[0];
}

/* A number of 256 bits modulo the order, which is more than half of 2^256. */
static void reduce(word number[WORDS], const word order[WORDS]) {
  INT(sub)(number, order, (uint32_t)(INT(sub)(number, order, 0) ^ 1u));
}

/* RFC 6979 section 3.6: HMAC_DRBG from int2octets(x) || bits2octets(h) || k'. */
static fs_result __attribute__((noinline)) draw(const inputs *in, const word order[WORDS], drawn *out) {
  uint8_t seed[3u * 32u];
  word number[WORDS];
  br_hmac_drbg_context generator;
  fs_result result = FS_ERR_INTERNAL_CHECK_FAILED;
  uint32_t i;
  memcpy(seed, in->key, 32);
  decode(number, in->hash, order);
  reduce(number, order);
  INT(encode)(seed + 32, 32, number);
  memcpy(seed + 64, in->hedge, 32);
  br_hmac_drbg_init(&generator, &br_sha256_vtable, seed, sizeof seed);
  fs_wipe(seed, sizeof seed);
  for (i = 0; i < NONCE_TRIES && result != FS_OK; i++) {
    br_hmac_drbg_generate(&generator, out->nonce, sizeof out->nonce);
    if (fs_scalar_in_range(out->nonce) == FS_YES) result = FS_OK;
  }
  br_hmac_drbg_generate(&generator, out->blind, sizeof out->blind);
  /* Defence sign-two-nonces: nothing of this call is left for the next one */
  fs_wipe(&generator, sizeof generator);
  return result;
}

/* k + c * n, big-endian. */
static void blind(const drawn *from, uint8_t scalar[BLIND_SIZE + FS_SCALAR_SIZE]) {
  uint32_t i, j;
  memset(scalar, 0, BLIND_SIZE);
  memcpy(scalar + BLIND_SIZE, from->nonce, FS_SCALAR_SIZE);
  for (i = BLIND_SIZE; i-- > 0;) {
    uint32_t carry = 0;
    for (j = FS_SCALAR_SIZE; j-- > 0;) {
      /* at most 255 + 255 * 255 + 255 */
      carry += scalar[i + 1u + j] + (uint32_t)from->blind[i] * fs_order[j];
      scalar[i + 1u + j] = (uint8_t)carry;
      carry >>= 8;
    }
    /* The byte ahead is still 0: those ahead of it are reached by later turns only. */
    scalar[i] = (uint8_t)(scalar[i] + carry);
  }
}

/* x coordinate of k * G, modulo n. */
static fs_result make_r(const inputs *in, const word order[WORDS], word r[WORDS]) {
  uint8_t scalar[BLIND_SIZE + FS_SCALAR_SIZE];
  uint8_t point[FS_POINT_SIZE];
  drawn first;
  FS_TRY(draw(in, order, &first));
  blind(&first, scalar);
  fs_wipe(&first, sizeof first);
  (void)FS_BR_P256.mulgen(point, scalar, sizeof scalar, BR_EC_secp256r1);
  fs_wipe(scalar, sizeof scalar);
  decode(r, point + 1, order);
  reduce(r, order);
  return FS_OK;
}

/* s = (h + x * r) / k, as br_ecdsa_..._sign_raw has it: k becomes R^2 / k, so that
 * products of Montgomery do. */
static fs_result make_s(const inputs *in, const word order[WORDS], const word r[WORDS], word s[WORDS]) {
  word x[WORDS], hash[WORDS], k[WORDS], t1[WORDS], t2[WORDS];
  uint8_t exponent[FS_SCALAR_SIZE];
  drawn second;
  word inverse = NEGATIVE_INVERSE(order[1]);
  uint32_t over;
  FS_TRY(draw(in, order, &second));
  decode(k, second.nonce, order);
  fs_wipe(&second, sizeof second);
  INT(from_monty)(k, order, inverse);
  INT(from_monty)(k, order, inverse);
  memcpy(exponent, fs_order, sizeof exponent);
  exponent[FS_SCALAR_SIZE - 1u] = (uint8_t)(exponent[FS_SCALAR_SIZE - 1u] - 2u); /* 0x51 - 2 */
  INT(modpow)(k, exponent, sizeof exponent, order, inverse, t1, t2);
  decode(hash, in->hash, order);
  reduce(hash, order);
  INT(from_monty)(hash, order, inverse);
  decode(x, in->key, order);
  INT(montymul)(t1, x, r, order, inverse);
  over = INT(add)(t1, hash, 1);
  over |= (uint32_t)(INT(sub)(t1, order, 0) ^ 1u);
  INT(sub)(t1, order, over);
  INT(montymul)(s, t1, k, order, inverse);
  fs_wipe(x, sizeof x);
  fs_wipe(k, sizeof k);
  fs_wipe(t1, sizeof t1);
  fs_wipe(t2, sizeof t2);
  return FS_OK;
}

fs_result fs_ecdsa_sign(const uint8_t key[FS_SCALAR_SIZE], const uint8_t hedge[FS_HASH_SIZE],
                        const uint8_t hash[FS_HASH_SIZE], uint8_t signature[FS_SIGNATURE_SIZE]) {
  word order[WORDS], r[WORDS], s[WORDS];
  inputs in;
  in.key = key;
  in.hash = hash;
  in.hedge = hedge;
  INT(decode)(order, fs_order, FS_SCALAR_SIZE);
  FS_TRY(make_r(&in, order, r));
  FS_TRY(make_s(&in, order, r, s));
  INT(encode)(signature, FS_SCALAR_SIZE, r);
  INT(encode)(signature + FS_SCALAR_SIZE, FS_SCALAR_SIZE, s);
  return FS_OK;
}

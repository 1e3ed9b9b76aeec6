/* What the owner's root key signs, and what follows from it: spec/delegation.md section 5. */
#ifndef FS_DELEGATION_H
#define FS_DELEGATION_H

#include "fs_cose.h"

/* Security counters, epochs, versions and counts: 2^31 - 1 at most. */
#define FS_COUNT_MAX 0x7fffffffu

enum {
  FS_ROLE_PACKAGE_SIGNER = 1,
  FS_ROLE_LICENSE_ISSUER = 2,
  FS_ROLE_AGENT_SIGNER = 5,
  FS_ROLE_RECOVERER = 6
};

/* The root and the epoch that a decision goes by, and the delegations that it rests on so far. */
typedef struct {
  uint8_t root[FS_POINT_SIZE];
  uint8_t zeros[3];
  uint32_t epoch; /* the highest that the root proved */
  uint32_t least; /* the lowest epoch of a delegation that was accepted; FS_COUNT_MAX: none was accepted */
} fs_trust;

typedef struct {
  uint8_t key[FS_POINT_SIZE];
  uint32_t counter_cap;
  uint8_t grant[FS_HASH_SIZE];  /* what the root allowed to whom, without the time */
  uint8_t digest[FS_HASH_SIZE]; /* of the delegation as it stands */
} fs_delegation;

/* A root (its 64 bytes behind the 4) and the epoch known with it; no delegation was accepted yet. */
void fs_trust_begin(const uint8_t root[FS_POINT_SIZE - 1u], uint32_t epoch, fs_trust *trust);

/* Step 1, one succession: root and epoch change when the present root signed it. FS_ERR_ROOT_... */
fs_result fs_trust_follow(fs_view succession, fs_view product, fs_trust *trust);

/* Step 2: the epoch rises to that of the statement. FS_ERR_EPOCH_... */
fs_result fs_trust_state(fs_view epoch_statement, fs_view product, fs_trust *trust);

/* What a delegation is asked for. */
typedef struct {
  uint32_t role;
  fs_view product;
} fs_purpose;

/* Step 3: a delegation for the purpose; what it proves goes into trust. FS_ERR_DELEGATION_... */
fs_result fs_trust_delegate(fs_view object, const fs_purpose *purpose, fs_trust *trust, fs_delegation *delegation);

#endif

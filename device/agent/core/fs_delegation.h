/* Delegations and epoch statements of the owner's root key: spec/delegation.md section 3, steps 1 and 2. */
#ifndef FS_DELEGATION_H
#define FS_DELEGATION_H

#include "fs_cose.h"

/* Security counters, epochs, versions and counts: 2^31 - 1 at most. */
#define FS_COUNT_MAX 0x7fffffffu

enum { FS_ROLE_PACKAGE_SIGNER = 1, FS_ROLE_LICENSE_ISSUER = 2 };

typedef struct {
  uint8_t key[FS_POINT_SIZE];
  uint32_t counter_cap;
} fs_delegation;

/*
 * Checks the epoch statement (data 0: there is none) and the delegation for the role, under the
 * root key and the product of the identity. *epoch: in, the epoch known; out, the epoch in force.
 * Faults: epoch-..., delegation-...
 */
fs_result fs_delegation_verify(fs_view object, fs_view epoch_statement, uint32_t role, uint32_t *epoch,
                               fs_delegation *delegation);

#endif

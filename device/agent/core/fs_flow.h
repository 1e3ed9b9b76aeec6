/*
 * The flow word: proof that both passes of a decision were gone through.
 *
 * The attacker of ../README.md ("Skipped instructions") has one glitch. So a decision is made twice, by two
 * calls of one function, and each pass that found everything right adds its step to the flow word at its end.
 * Nothing else does. What a decision allows is then not only guarded by a comparison of the word with its sum
 * but computed from the word (a phase, a life cycle, a key, the address that is jumped to): a return to the
 * wrong place, whatever it returns, has a wrong sum and gives a word that means nothing.
 *
 * To use it: FS_FLOW_BEGIN where the request begins; FS_FLOW_STEP as the last thing of a pass;
 * FS_FLOW_INSIST before an effect; FS_FLOW_BIND where the effect's own word is made. Between two
 * effects the sum has a name below.
 */
#ifndef FS_FLOW_H
#define FS_FLOW_H

#include "fs_crypto.h"

extern volatile uint32_t fs_flow;

#define FS_FLOW_BEGIN(sum) (fs_flow = (sum))
#define FS_FLOW_STEP(step) (fs_flow += (step))
/* Defence flow-insist */
#define FS_FLOW_INSIST(sum) FS_INSIST(fs_flow == (sum), FS_ERR_INTERNAL_CHECK_FAILED)
/* `value` when the word is the sum; else another word. The value itself does not stand in the code. */
/* Defence flow-bind */
#define FS_FLOW_BIND(value, sum) (fs_flow ^ ((value) ^ (sum)))

/* Steps: one pass each. */
#define FS_STEP_PACKAGE 0x3b5d9a17u
#define FS_STEP_LICENSE 0x5c369e8bu
#define FS_STEP_COUNT 0x63d58e2bu
#define FS_STEP_UNWRAP 0x6a9357c4u
#define FS_STEP_POLICY 0x2d74b1e9u
#define FS_STEP_BEGIN 0x71c8635bu
#define FS_STEP_RECORD 0x4e1bd6a5u
#define FS_STEP_STORE 0x17e4a93du
#define FS_STEP_DIGEST 0x3869d5cbu
#define FS_STEP_BOOT 0x529bc76du
#define FS_STEP_SIGN 0x2b69d14du
#define FS_STEP_RECOVER 0x46a7d93bu
#define FS_STEP_RENEW 0x39c66b15u
#define FS_STEP_IMAGE 0x46b3a95eu

/* Between requests, and all along those that decide nothing. */
#define FS_FLOW_IDLE 0x94d15a6eu
/* A request without another decision, whose answer is signed. */
#define FS_FLOW_SIGNED (FS_FLOW_IDLE + FS_STEP_SIGN)

#define FS_FLOW_PACKAGE 0xb1699cd4u
#define FS_FLOW_PACKAGE_DONE (FS_FLOW_PACKAGE + 2u * FS_STEP_PACKAGE)

#define FS_FLOW_LICENSE 0xc7a5368bu
#define FS_FLOW_LICENSE_CHECKED (FS_FLOW_LICENSE + 2u * FS_STEP_LICENSE)
#define FS_FLOW_LICENSE_COUNTED (FS_FLOW_LICENSE_CHECKED + 2u * FS_STEP_COUNT)
#define FS_FLOW_LICENSE_OPENED (FS_FLOW_LICENSE_COUNTED + FS_STEP_UNWRAP)
#define FS_FLOW_LICENSE_READY (FS_FLOW_LICENSE_OPENED + 2u * FS_STEP_POLICY)
#define FS_FLOW_LICENSE_DONE (FS_FLOW_LICENSE_READY + FS_STEP_BEGIN)

#define FS_FLOW_RECORD 0xa83dd265u
#define FS_FLOW_RECORD_CHECKED (FS_FLOW_RECORD + 2u * FS_STEP_RECORD)
#define FS_FLOW_RECORD_STORED (FS_FLOW_RECORD_CHECKED + FS_STEP_STORE)
#define FS_FLOW_RECORD_DONE (FS_FLOW_RECORD_STORED + 2u * FS_STEP_DIGEST)

#define FS_FLOW_RECOVERY 0xd94a67b1u
#define FS_FLOW_RECOVERY_CHECKED (FS_FLOW_RECOVERY + 2u * FS_STEP_RECOVER)
#define FS_FLOW_RECOVERY_DONE (FS_FLOW_RECOVERY_CHECKED + FS_STEP_RENEW)

#define FS_FLOW_BOOT 0xe2956b39u
#define FS_FLOW_BOOT_DONE (FS_FLOW_BOOT + 2u * FS_STEP_BOOT)

/* The address from which the application boots; garbage unless fs_boot decided so.
 * Ports call it: fs_port.h. */
#define FS_FLOW_ENTRY(entry) FS_FLOW_BIND(entry, FS_FLOW_BOOT_DONE)

/* Another key unless the flow word is the sum. */
void fs_flow_bind_key(uint8_t key[FS_KEY_SIZE], uint32_t sum);

#endif

/*
 * Which of BearSSL's two arithmetics a build takes. m15 multiplies 16 by 16 bits to 32 and is for cores whose
 * multiplier gives 32 bits (Cortex-M0+); m31 multiplies 32 by 32 to 64 and is for those with a
 * constant-time UMULL (Cortex-M4, M7, M33). On ARMv6-M, m31 would have to call __aeabi_lmul for every
 * product: see docs/agent-size-and-speed.md.
 */
#ifndef FS_BEARSSL_H
#define FS_BEARSSL_H

#if !defined(FS_BEARSSL_M15) && !defined(FS_BEARSSL_M31)
#error "the build says which arithmetic: FS_BEARSSL_M15 or FS_BEARSSL_M31"
#endif

#ifdef FS_BEARSSL_M15
#define FS_BR_P256 br_ec_p256_m15
#define FS_BR_VERIFY br_ecdsa_i15_vrfy_raw
#define FS_BR_GHASH br_ghash_ctmul32
#else
#define FS_BR_P256 br_ec_p256_m31
#define FS_BR_VERIFY br_ecdsa_i31_vrfy_raw
#define FS_BR_GHASH br_ghash_ctmul
#endif

#endif

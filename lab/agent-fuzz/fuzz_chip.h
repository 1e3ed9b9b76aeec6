/* A personalized chip in arrays for the fuzz targets, and its stand-in cryptography:
 * fuzz_chip.c, fuzz_crypto.c. */
#ifndef FUZZ_CHIP_H
#define FUZZ_CHIP_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "fs_bytes.h"

/* Where a reset of the chip lands. */
extern jmp_buf fuzz_after_reset;

/* Runs a call of the agent; FS_NO when it ended in a reset, after which the chip has started again. */
#define FUZZ_RUN(call) (setjmp(fuzz_after_reset) == 0 ? ((void)(call), FS_YES) : fuzz_chip_restart())

/* Puts flash, option bytes and every variable of the core back to what they were when `fuzz_chip_keep` was
 * called last, or to a personalized chip just started. */
void fuzz_chip_restore(void);
void fuzz_chip_keep(void);

/* As delivered: nothing but the agent in flash, just started. The next restore brings
 * the personalized chip back. */
void fuzz_chip_blank(void);

/* Readout level 1 until the next restore: option bytes can still be made stronger. */
void fuzz_chip_relax(void);

/* What a reset does: variables as at power-on, programmed option bytes in force, the
 * agent starts. Gives FS_NO. */
fs_answer fuzz_chip_restart(void);

/* The port's call with this number from now on fails, once; 0: none does. */
void fuzz_chip_fail_at(uint32_t call);

/* While set, a wrong signature or tag is noted and believed: see fuzz_forge.c. */
extern int fuzz_is_forging;
void fuzz_note_forgery(const uint8_t *wrong, const uint8_t *right, uint32_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
